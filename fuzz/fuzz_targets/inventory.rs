//! Any text as an answer of AWS, as an item of AWS Config, with something beside it, or as a credential report.
#![no_main]

use doorward_intake::{Item, Limits, Reader};
use libfuzzer_sys::fuzz_target;

const FORMS: [(&str, &str); 12] = [
    ("", ""),
    (
        "{\"account\":\"111122223333\",\"region\":\"eu-central-1\",\"about\":\"arn:aws:s3:::b\",\"output\":",
        "}",
    ),
    (
        "{\"resourceType\":\"AWS::S3::Bucket\",\"accountId\":\"111122223333\",\"arn\":\"arn:aws:s3:::b\",\"configuration\":",
        "}",
    ),
    ("{\"resourceType\":\"AWS::IAM::Role\",\"accountId\":\"111122223333\",\"configuration\":", "}"),
    ("{\"Results\":[", "]}"),
    (
        "{\"fileVersion\":\"1.0\",\"configurationItems\":[{\"resourceType\":\"AWS::IAM::User\",\"awsAccountId\":\"111122223333\",\"configuration\":",
        "}]}",
    ),
    ("{\"configurationItems\":[", "]}"),
    ("{\"account\":\"111122223333\",\"about\":\"arn:aws:iam::111122223333:user/a\",\"output\":", "}"),
    (
        "{\"about\":\"arn:aws:iam::111122223333:role/a\",\"output\":{\"JobStatus\":\"COMPLETED\",\"JobCreationDate\":1,\"ServicesLastAccessed\":",
        "}}",
    ),
    ("{\"AccountAssignments\":", "}"),
    ("{\"Reservations\":", "}"),
    ("user,arn,user_creation_time,password_enabled\n", ""),
];

fuzz_target!(|data: (&str, u8, u8)| {
    let (text, form, cut) = data;
    let (before, after) = FORMS[usize::from(form) % FORMS.len()];
    let source = format!("{before}{text}{after}");
    let read = |pieces: &[&[u8]]| {
        let (mut exports, mut rejects) = (Vec::new(), Vec::new());
        let mut reader = Reader::new("fuzz", Limits::default());
        let mut take = |item: Item| match item {
            Item::Export(export) => exports.push(*export),
            Item::Reject(reject) => rejects.push(reject),
            Item::Event(_) | Item::Wrapped { .. } | Item::Skipped { .. } => {}
        };
        for piece in pieces {
            reader.push(piece, &mut take);
        }
        reader.finish(&mut take);
        (exports, rejects)
    };
    let (exports, rejects) = read(&[source.as_bytes()]);
    // How the bytes come makes no difference.
    let (one, other) = source.as_bytes().split_at(usize::from(cut).min(source.len()));
    assert_eq!(read(&[one, other]), (exports.clone(), rejects));
    for export in exports {
        assert!(export.counts().next().is_some() || export.complete);
        // What is said to be somebody's own document is there, unless it is listed as one that does not parse.
        for entitlement in export.entitlements.iter().filter(|one| !one.document.is_empty()) {
            let name = entitlement.document_name();
            let document = export.policies.iter().find(|document| document.name == name);
            assert!(document.is_some_and(|document| document.hash.0.as_slice() == entitlement.document));
        }
        assert!(export.rejects.iter().all(|reject| reject.bytes.end <= source.len() as u64));
    }
});
