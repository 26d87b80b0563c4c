//! `cargo xtask test`: all tests, and an honest count of what they did not test.
//!
//! A test that cannot run (a folder or a peer is absent) prints `SKIPPED: reason` and returns. Runners hide the
//! output of passing tests, so it is taken from nextest's report (`.config/nextest.toml`) or from cargo's stream.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::place;
use crate::process::{answers, cargo, follow, run};

/// What a test prints before the reason why it did not run.
const MARK: &str = "SKIPPED: ";

/// Set to 1 where a skipped test is an error.
const REQUIRE: &str = "DOORWARD_REQUIRE_SHARED";

/// Runs the tests of all crates and their documentation tests, then prints what was skipped and a closing count.
pub(crate) fn test() -> Result<()> {
    let outcome = if answers("cargo", &["nextest", "--version"]) { nextest()? } else { cargo_test()? };
    run(&mut cargo(["test", "--workspace", "--doc", "--quiet"]))?;
    for reason in &outcome.skipped {
        println!("{MARK}{reason}");
    }
    println!("{} passed, 0 failed, {} skipped", outcome.passed(), outcome.skipped.len());
    let required = env::var(REQUIRE).is_ok_and(|value| value == "1");
    ensure!(
        outcome.skipped.is_empty() || !required,
        "tests were skipped, and {REQUIRE}=1 asks for all of them"
    );
    Ok(())
}

/// What a run of tests came to; one that fails is an error before it comes to this.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    ran: usize,
    skipped: Vec<String>,
}

impl Outcome {
    fn passed(&self) -> usize {
        self.ran.saturating_sub(self.skipped.len())
    }
}

fn nextest() -> Result<Outcome> {
    let report = report_path();
    if report.exists() {
        fs::remove_file(&report).with_context(|| format!("cannot remove {}", report.display()))?;
    }
    run(&mut cargo(["nextest", "run", "--workspace"]))?;
    let text = fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
    Ok(read_report(&text))
}

/// Nextest keeps its reports below the root, whatever cargo's build folder is.
fn report_path() -> PathBuf {
    place::root().join("target/nextest/default/junit.xml")
}

fn cargo_test() -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let args = ["test", "--workspace", "--lib", "--bins", "--tests", "--", "--show-output"];
    follow(&mut cargo(args), |line| {
        outcome.ran += usize::from(line.starts_with("test ") && line.ends_with(" ... ok"));
        outcome.skipped.extend(line.strip_prefix(MARK).map(String::from));
    })?;
    Ok(outcome)
}

/// Reads nextest's JUnit report: one `testcase` element per test, its output between its tags.
fn read_report(xml: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for case in xml.split("<testcase ").skip(1) {
        outcome.ran += 1;
        let name = between(case, "name=\"", "\"").unwrap_or_default();
        let binary = between(case, "classname=\"", "\"").unwrap_or_default();
        if let Some((_, after)) = case.split_once(MARK) {
            let reason = after.split(['\n', '<']).next().unwrap_or_default();
            outcome.skipped.push(format!("{} {}: {}", plain(binary), plain(name), plain(reason)));
        }
    }
    outcome
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    text.split_once(open)?.1.split_once(close).map(|(inner, _)| inner)
}

fn plain(xml: &str) -> String {
    let unescaped =
        xml.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    unescaped.replace("&amp;", "&").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Outcome, read_report};

    #[test]
    fn a_report_gives_its_count_and_the_reasons_of_skipped_tests() {
        let xml = r#"<testsuites><testsuite name="doorward-intake::it">
            <testcase name="gzip::reads" classname="doorward-intake::it"><system-out>ok
</system-out></testcase>
            <testcase name="shared_corpus::reads_all" classname="doorward-intake::it"><system-err>SKIPPED: no folder &quot;a &amp; b&quot;
</system-err></testcase></testsuite></testsuites>"#;
        let skipped = vec![String::from("doorward-intake::it shared_corpus::reads_all: no folder \"a & b\"")];
        assert_eq!(read_report(xml), Outcome { ran: 2, skipped });
    }
}
