//! Cases of policy evaluation, from files to an exit code.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{program, put};

/// The exit code, what was printed as JSON, and what was told on standard error.
fn conform(format: &str, path: &Path) -> (Option<i32>, Value, String) {
    let args = ["privilege", "conform", "--format", format, "-o", "json"];
    let output = program().args(args).arg(path).output().unwrap();
    let printed = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), printed, String::from_utf8(output.stderr).unwrap())
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../privilege/testdata/cases")
}

#[test]
fn our_own_cases_come_out_as_they_say() {
    let (code, report, told) = conform("doorward", &cases());
    assert_eq!((code, &*told), (Some(0), ""));
    assert_eq!(report["failed"], json!([]));
    assert_eq!(report["passed"], report["cases"]);
}

#[test]
fn a_case_that_comes_out_otherwise_is_told_and_fails() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wrong.yaml");
    let text = r#"
topic: A wrong case
cases:
  - rule: Nothing is allowed
    page: none
    caller: arn:aws:iam::111122223333:user/ann
    permission: s3:GetObject
    resource: arn:aws:s3:::b/k
    account: "111122223333"
    identity: [{Effect: Allow, Action: "*", Resource: "*"}]
    expected: not allowed
"#;
    put(&path, text.as_bytes());
    let (code, report, told) = conform("doorward", &path);
    assert_eq!((code, &*told), (Some(1), "doorward: one case does not come out as expected\n"));
    let failed = json!([{
        "case": "wrong.yaml: Nothing is allowed",
        "expected": "not allowed",
        "got": "allowed",
        "why": "the answer is: allowed",
        "excused": false
    }]);
    assert_eq!(report, json!({"cases": 1, "passed": 0, "failed": failed}));
    let (code, _, told) = conform("yams", &path);
    assert_eq!((code, &*told), (Some(1), "doorward: there is no case of yams in these files\n"));
}

#[test]
fn a_case_that_cannot_be_read_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wrong.yaml");
    let told = |text: &str| {
        put(&path, text.as_bytes());
        let (code, _, told) = conform("doorward", &path);
        assert_eq!(code, Some(1));
        let told = told.replace(&path.display().to_string(), "wrong.yaml");
        told.split(", expected one of").next().unwrap().to_owned()
    };
    let begun = "topic: Wrong cases\ncases:\n  # What is read.\n  - rule: one\n    page: none\n    read: |\n      - rule: no case\n    expected: allowed\n";
    assert_eq!(
        told(&format!("{begun}  - rule: two\n    page: none\n    expected: allowed\n    resources: none\n")),
        "doorward: cannot read wrong.yaml as doorward: case 2 at line 9: unknown field `resources`"
    );
    assert_eq!(
        told(&format!("{begun}  - rule: [two\n")),
        "doorward: cannot read wrong.yaml as doorward: did not find expected ',' or ']' at line 10 column 1, while \
         parsing a flow sequence at line 9 column 11\n"
    );
}
