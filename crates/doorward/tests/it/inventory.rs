//! Inventory: what a scan says of it, and that the script on its page can be run and only reads.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{counts, put, report};

const PAGE: &str = include_str!("../../../../docs/inventory.md");

/// Items of AWS Config of one account.
const ITEMS: &[u8] = include_bytes!("../../../intake/testdata/config.jsonl");

#[test]
fn a_scan_counts_the_rows_by_kind() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("a"), ITEMS);
    let answer = json!({"DBInstances": [{"DBInstanceArn": "arn:aws:rds:eu-central-1:111122223333:db:d"}]});
    put(&dir.path().join("b"), answer.to_string().as_bytes());
    let said = report(&[], &[dir.path()]);
    let told = |source: &Value| {
        let words = ["kind", "status"].map(|field| source[field].as_str().unwrap_or_default().to_owned());
        format!("{} {} {} {}", words[0], words[1], source["count"], source["accounts"])
    };
    let sources: Vec<String> = said["sources"].as_array().unwrap().iter().map(told).collect();
    let one = r#"["111122223333"]"#;
    let read = |kind: &str, count: u64| format!("inventory: {kind} read {count} {one}");
    let rows = [("entitlements", 12), ("groups", 1), ("identities", 2), ("policies", 11), ("resources", 21)];
    let rows = rows.map(|(kind, count)| read(kind, count));
    let skipped = ["answer of AWS with DBInstances skipped 1 []".to_owned()];
    assert_eq!((counts(&said), sources), ([0; 4], rows.into_iter().chain(skipped).collect()));
}

/// The script that fetches an inventory.
fn script() -> &'static str {
    let (_, after) = PAGE.split_once("```sh\n").unwrap();
    after.split_once("```").unwrap().0
}

#[test]
fn the_script_is_one_that_a_shell_can_read() {
    let mut shell = Command::new("sh").args(["-n", "-s"]).stdin(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(script().as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
}

#[test]
fn the_script_only_reads() {
    let words = script().split([' ', '\n', '(', ')', '"']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let asked = words.windows(2).filter(|pair| SERVICES.contains(&pair[0])).map(|pair| pair[1]);
    let asked: Vec<&str> = asked.collect();
    let reads = |asked: &str| asked == "$part" || VERBS.iter().any(|verb| asked.starts_with(verb));
    let others: Vec<&str> = asked.iter().copied().filter(|asked| !reads(asked)).collect();
    assert_eq!(others, Vec::<&str>::new());
    assert!(asked.len() > 60, "{asked:?}");
}

/// The services that the script asks.
const SERVICES: [&str; 22] = [
    "accessanalyzer",
    "apprunner",
    "cloudformation",
    "codebuild",
    "ec2",
    "ecr",
    "ecs",
    "eks",
    "glue",
    "iam",
    "identitystore",
    "kms",
    "lambda",
    "organizations",
    "s3api",
    "s3control",
    "sagemaker",
    "secretsmanager",
    "sns",
    "sqs",
    "sso-admin",
    "sts",
];

/// How commands begin that change nothing. A credential report, and what was used last, are made anew by commands that
/// change nothing else.
const VERBS: [&str; 6] = [
    "batch-get-",
    "describe-",
    "generate-credential-report",
    "generate-service-last-accessed-details",
    "get-",
    "list-",
];
