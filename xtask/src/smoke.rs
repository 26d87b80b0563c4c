//! `cargo xtask smoke`: the main job from nothing, and the shape of its report.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::place;
use crate::process::{cargo, output, run};

/// Writes a simulated organisation, scans it, and checks that the JSON report keeps its contract.
pub(crate) fn smoke() -> Result<()> {
    let folder = place::fresh("smoke")?;
    run(&mut cargo(["build", "--package", "doorward"]))?;
    let start = ["run", "--quiet", "--package", "doorward", "--"];
    run(cargo(start).arg("demo").arg(&folder))?;
    let report = output(cargo(start).arg("scan").arg(&folder).args(["--output", "json"]))?;
    let report: Report = serde_json::from_str(&report).context("the report breaks its contract")?;
    check(&report)?;
    println!(
        "smoke: {} events read, {} identities, {} findings",
        report.events.read,
        report.identities.len(),
        report.findings.len()
    );
    Ok(())
}

/// The part of `doorward scan -o json` that others build on: these keys stay.
#[derive(Debug, Deserialize)]
struct Report {
    events: Events,
    #[expect(dead_code, reason = "its presence is what is checked")]
    sources: Vec<Value>,
    identities: Vec<Identity>,
    findings: Vec<Finding>,
    rejects: Vec<Reject>,
}

#[derive(Debug, Deserialize)]
struct Events {
    read: u64,
    accepted: u64,
    duplicate: u64,
    rejected: u64,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "their presence is what is checked")]
struct Identity {
    id: String,
    kind: String,
    platform: String,
    credentials: Vec<Value>,
    last_seen: Value,
    agent: Value,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "their presence is what is checked")]
struct Finding {
    #[serde(rename = "type")]
    kind: String,
    identity: String,
    severity: String,
    confidence: f64,
    narrative: String,
    evidence: Value,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "their presence is what is checked")]
struct Reject {
    source: String,
    record: Value,
    reason: String,
}

fn check(report: &Report) -> Result<()> {
    let Events { read, accepted, duplicate, rejected } = report.events;
    ensure!(read > 0, "no event was read");
    ensure!(
        accepted + duplicate + rejected == read,
        "{accepted} accepted + {duplicate} duplicate + {rejected} rejected is not {read} read"
    );
    ensure!(
        report.rejects.is_empty() == (rejected == 0),
        "{rejected} rejected, {} shown",
        report.rejects.len()
    );
    ensure!(!report.identities.is_empty(), "no identity was found");
    ensure!(!report.findings.is_empty(), "the attacks of the simulated organisation raised no finding");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Report, check};

    const WHOLE: &str = r#"{"events":{"read":3,"accepted":2,"duplicate":1,"rejected":0},"sources":[],
        "identities":[{"id":"a","kind":"service","platform":"aws","credentials":[],"last_seen":null,"agent":null}],
        "findings":[{"type":"t","identity":"a","severity":"high","confidence":0.9,"narrative":"n","evidence":{}}],
        "rejects":[]}"#;

    fn verdict(text: &str) -> Result<(), String> {
        let report: Report = serde_json::from_str(text).map_err(|error| error.to_string())?;
        check(&report).map_err(|error| error.to_string())
    }

    #[test]
    fn a_report_that_keeps_the_contract_passes() {
        assert_eq!(verdict(WHOLE), Ok(()));
    }

    #[test]
    fn a_lost_event_is_seen() {
        let lost = WHOLE.replace("\"accepted\":2", "\"accepted\":1");
        assert_eq!(verdict(&lost), Err(String::from("1 accepted + 1 duplicate + 0 rejected is not 3 read")));
    }

    #[test]
    fn a_key_that_went_away_is_seen() {
        let renamed = WHOLE.replace("\"narrative\"", "\"story\"");
        assert_eq!(verdict(&renamed).unwrap_err().split(" at ").next(), Some("missing field `narrative`"));
    }
}
