//! Are the attacks of the simulated organisation found, and how much else is raised?

use std::collections::{BTreeMap, BTreeSet};

use doorward_simulate::{Plan, organisation as simulated};
use serde_json::Value;

use crate::support::{organisation, report};

/// Which attacks of a plan have an event in the evidence of a finding, and the findings that have none of any.
fn judged(plan: &Plan) -> (BTreeSet<&'static str>, Vec<Value>, usize) {
    let labels = simulated(plan).labels();
    let mut by_event = BTreeMap::new();
    for label in &labels {
        by_event.extend(label.events.iter().map(|event| (event.to_string(), label.name)));
    }
    let dir = organisation(plan);
    let report = report(&["--judge", "7d"], &[dir.path()]);
    let (mut found, mut others) = (BTreeSet::new(), Vec::new());
    for finding in report["findings"].as_array().unwrap() {
        let events = finding["evidence"].as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap());
        let names: BTreeSet<_> = events.filter_map(|event| by_event.get(event).copied()).collect();
        if names.is_empty() {
            others.push(finding.clone());
        }
        found.extend(names);
    }
    let judged = labels
        .iter()
        .filter(|label| label.to.to_string().as_str() >= report["coverage"]["judged_from"].as_str().unwrap());
    (found, others, judged.count())
}

#[test]
fn most_attacks_are_found_within_the_attention_that_is_asked_for() {
    let (mut found, mut of, mut urgent) = (0, 0, 0);
    for seed in [1, 2, 3] {
        let (names, others, judged) = judged(&Plan::new(seed, 150, 21));
        found += names.len();
        of += judged;
        urgent += others.iter().filter(|other| other["confidence"].as_f64().unwrap() >= 0.5).count();
    }
    assert!(found * 10 >= of * 8, "{found} of {of}");
    // Three tenants, seven judged days, five cases a day: the budget is 105 cases.
    assert!(urgent <= 21, "{urgent} findings rest on no attack");
}

#[test]
fn a_quiet_organisation_stays_quiet() {
    let plan = Plan { attacks: doorward_simulate::AttackPlan::None, ..Plan::new(8, 150, 21) };
    let (found, others, _) = judged(&plan);
    assert_eq!(found, BTreeSet::new());
    let sure: Vec<_> = others.iter().filter(|other| other["confidence"].as_f64().unwrap() >= 0.5).collect();
    assert!(sure.len() <= 7, "{sure:#?}");
}
