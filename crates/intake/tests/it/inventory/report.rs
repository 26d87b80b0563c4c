//! The credential report.

use serde_json::json;

use crate::rows::rows_of;
use crate::support::{read, read_with};
use doorward_intake::Limits;

const REPORT: &str = "\
user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated
<root_account>,arn:aws:iam::111122223333:root,2024-01-01T00:00:00+00:00,not_supported,2024-02-01T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
jane,arn:aws:iam::111122223333:user/jane,2024-01-02T00:00:00+00:00,true,no_information,2024-01-02T00:00:00+00:00,2024-04-02T00:00:00+00:00,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
a,b,arn:aws:iam::111122223333:user/x/a,b,2024-01-03T00:00:00+00:00,FALSE,N/A,N/A,N/A,false,true,2024-01-03T00:00:00+00:00,2024-03-01T00:00:00+00:00,eu-central-1,s3,false,2024-01-04T00:00:00+00:00,N/A,N/A,N/A,true,2024-01-05T00:00:00+00:00,false,N/A
";

const EXPECTED: [&str; 12] = [
    "export 111122223333 Rows newest 0",
    "identity arn:aws:iam::111122223333:root human root seen by credential report at 0",
    "credential access-key-1:arn:aws:iam::111122223333:user/x/a,b of arn:aws:iam::111122223333:user/x/a,b active (0, 1704240000000, 1709251200000, 0) s3",
    "credential access-key-2:arn:aws:iam::111122223333:user/x/a,b of arn:aws:iam::111122223333:user/x/a,b inactive (0, 1704326400000, 0, 0) ",
    "credential certificate-1:arn:aws:iam::111122223333:user/x/a,b of arn:aws:iam::111122223333:user/x/a,b active (0, 1704412800000, 0, 0) ",
    "credential password:arn:aws:iam::111122223333:root of arn:aws:iam::111122223333:root (0, 0, 1706745600000, 0) ",
    "credential password:arn:aws:iam::111122223333:user/jane of arn:aws:iam::111122223333:user/jane active (0, 1704153600000, 0, 1712016000000) ",
    "credential password:arn:aws:iam::111122223333:user/x/a,b of arn:aws:iam::111122223333:user/x/a,b inactive (0, 0, 0, 0) ",
    "credential second-factor:arn:aws:iam::111122223333:root of arn:aws:iam::111122223333:root active (0, 0, 0, 0) ",
    "credential second-factor:arn:aws:iam::111122223333:user/jane of arn:aws:iam::111122223333:user/jane inactive (0, 0, 0, 0) ",
    "credential second-factor:arn:aws:iam::111122223333:user/x/a,b of arn:aws:iam::111122223333:user/x/a,b inactive (0, 0, 0, 0) ",
    "",
];

fn expected() -> Vec<String> {
    EXPECTED.iter().filter(|line| !line.is_empty()).map(|line| (*line).to_owned()).collect()
}

#[test]
fn a_report_tells_of_every_credential() {
    assert_eq!(rows_of(REPORT.as_bytes()), expected());
    assert_eq!(rows_of(REPORT.replace('\n', "\r\n").as_bytes()), expected());
}

#[test]
fn a_report_may_come_in_an_answer_and_in_base64() {
    let dated = |lines: Vec<String>, at: &str| {
        let seen = |line: String| line.replace("seen by credential report at 0", at);
        lines.into_iter().map(seen).collect::<Vec<_>>()
    };
    let answer = |content: String| json!({"Content": content, "ReportFormat": "text/csv", "GeneratedTime": "2026-01-01T00:00:00+00:00"});
    for content in [REPORT.to_owned(), base64(REPORT.as_bytes())] {
        let rows = rows_of(answer(content).to_string().as_bytes());
        assert_eq!(rows, dated(expected(), "seen by credential report at 1767225600000"));
    }
    let reasons = read(answer("%%%".to_owned()).to_string().as_bytes()).reasons();
    assert_eq!(reasons, ["not UTF-8: Content of the credential report is no Base64"]);
}

#[test]
fn a_report_that_is_cut_or_of_two_accounts_is_one_reject() {
    let cut = REPORT.get(..REPORT.len() - 30).unwrap();
    let jane = REPORT.split(",false,N/A\na,b").next().unwrap();
    let other = REPORT.replace("111122223333:user/jane", "444455556666:user/jane");
    for (report, reason) in [
        (
            cut,
            "field not usable: line 4 of the credential report has \"b\" where an ARN should be: fetch the report again; nothing of 111122223333 in this source counts",
        ),
        (
            jane,
            "field not usable: line 3 of the credential report has 20 fields, and its heading 22: fetch the report again; nothing of 111122223333 in this source counts",
        ),
        (
            &other,
            "field not usable: line 3 of the credential report is of \"arn:aws:iam::444455556666:user/jane\", and others of account 111122223333; nothing of 111122223333, 444455556666 in this source counts",
        ),
        (
            &REPORT.replace("arn:aws:iam::111122223333:user/jane", "jane"),
            "field not usable: line 3 of the credential report has \"jane\" where an ARN should be: fetch the report again; nothing of 111122223333 in this source counts",
        ),
    ] {
        let outcome = read(report.as_bytes());
        assert_eq!((outcome.reasons(), outcome.exports.len()), (vec![reason.to_owned()], 0));
        assert_eq!(outcome.rejects[0].bytes, 0..report.len() as u64);
    }
}

#[test]
fn a_report_that_is_too_large_is_one_reject_however_it_is_cut() {
    let limits = Limits { export_bytes_max: 1_000, ..Limits::default() };
    let whole = read_with(limits, &[REPORT.as_bytes()]);
    assert_eq!(whole.reasons(), ["over a limit: a credential report of more than 1000 bytes"]);
    let pieces: Vec<&[u8]> = REPORT.as_bytes().chunks(7).collect();
    assert_eq!(read_with(limits, &pieces).rejects, whole.rejects);
}

fn base64(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |three: &[u8]| {
        let bits =
            three.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
        let sextets = (0..4).map(|place| letters[(bits >> (18 - 6 * place) & 63) as usize] as char);
        let chars: String = sextets.take(three.len() + 1).collect();
        format!("{chars:=<4}")
    };
    bytes.chunks(3).map(encode).collect()
}
