//! A folder of simulated logs, and a scan of it.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::LazyLock;

use clap::Parser;
use doorward::cli::{Cli, Command};
use doorward::scan::{Progress, scan};
use doorward_simulate::{Plan, files};
use serde_json::Value;
use tempfile::TempDir;

/// The program as it was when the first test ran it: a build that goes on beside the tests replaces the file, and must
/// not change what a test runs in its middle.
pub(crate) fn program() -> process::Command {
    static OPENED: LazyLock<File> = LazyLock::new(|| File::open(env!("CARGO_BIN_EXE_doorward")).unwrap());
    let held = format!("/proc/{}/fd/{}", process::id(), OPENED.as_raw_fd());
    let mut command = process::Command::new(held);
    command.arg0("doorward");
    command
}

/// A folder that holds the files of a plan.
pub(crate) fn organisation(plan: &Plan) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    files(plan, &mut |path, content| {
        if path.starts_with("AWSLogs/") || path.starts_with("iam/") {
            put(&dir.path().join(path), content);
        }
    });
    dir
}

pub(crate) fn put(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Gzip, as logs are delivered.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

/// The report of `doorward scan ARGS... PATHS...`, as programs get it.
pub(crate) fn report(args: &[&str], paths: &[&Path]) -> Value {
    let words = ["doorward", "scan", "-q"].into_iter().chain(args.iter().copied()).map(PathBuf::from);
    let cli = Cli::parse_from(words.chain(paths.iter().map(|path| path.to_path_buf())));
    let Command::Scan(args) = cli.command else { panic!("a scan was typed") };
    let report = serde_json::to_value(scan(&args, &Progress::hidden()).unwrap()).unwrap();
    let count = |key: &str| report["events"][key].as_u64().unwrap();
    assert_eq!(count("accepted") + count("duplicate") + count("rejected"), count("read"), "nothing is lost");
    report
}

/// `[read, accepted, duplicate, rejected]`.
pub(crate) fn counts(report: &Value) -> [u64; 4] {
    ["read", "accepted", "duplicate", "rejected"].map(|key| report["events"][key].as_u64().unwrap())
}

/// A CloudTrail record with an id and the members that differ.
pub(crate) fn record(id: &str, members: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","eventID":"{id}","eventTime":"2026-03-02T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"eu-west-1","recipientAccountId":"111122223333","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.31.0","userIdentity":{{"type":"IAMUser","principalId":"AIDAEXAMPLEEXAMPLE01","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE000000001","userName":"alice"}}{members}}}"#
    )
}
