//! The law of least privilege: to take away a statement that allows, or to add one that denies, gives nobody more.

use std::collections::BTreeMap;

use doorward_model::inventory::{AccountExport, PolicyDocument};
use doorward_privilege::analysis;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::document::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{self, JOINING_ROWS, Values, World};
use crate::support;

/// What every identity and everybody outside would take along, by name.
fn radii(atlas: &Atlas) -> BTreeMap<String, u64> {
    let named = |(node, _)| {
        let name = match atlas.analysis.place(node)? {
            analysis::Place::Principal(id) => atlas.estate.principal(*id)?.arn().to_owned(),
            analysis::Place::Outside(name) => name.to_string(),
            _ => return None,
        };
        Some((name, atlas.rating.radius(node).numerator))
    };
    atlas.analysis.graph.nodes().filter_map(named).collect()
}

/// A policy with a statement fewer that allows, or one more that denies; nothing where it has none, or cannot be read.
fn less(policy: &PolicyDocument, at: usize, denies: Option<usize>) -> Option<PolicyDocument> {
    // What cannot be read is unknown, and allows nothing: without the statement in the way, it would say more.
    Document::read(&policy.text).ok()?;
    let mut document: Value = serde_json::from_str(&policy.text).ok()?;
    let statements = document.get_mut("Statement")?.as_array_mut()?;
    match denies {
        Some(which) => {
            let mut denial = DENIALS[which % DENIALS.len()]();
            // Policies of things say to whom, those of others on what.
            let is_own = policy.name.ends_with(" trust") || policy.name.ends_with(" resource");
            let (name, value) = if is_own { ("Principal", "*") } else { ("Resource", "*") };
            denial[name] = value.into();
            if policy.name.ends_with(" resource") || policy.name == "p-control" {
                denial["Resource"] = "*".into();
            }
            if policy.name == "p-control" {
                denial["Principal"] = "*".into();
            }
            statements.push(denial);
        }
        None => {
            let allow = (0..statements.len()).filter(|at| statements[*at]["Effect"] == "Allow");
            let allow: Vec<usize> = allow.collect();
            statements.remove(*allow.get(at.checked_rem(allow.len())?)?);
        }
    }
    Some(PolicyDocument::of(policy.name.clone(), document.to_string()))
}

const DENIALS: [fn() -> Value; 5] = [
    || json!({"Effect": "Deny", "Action": "iam:*"}),
    || json!({"Effect": "Deny", "Action": "sts:*"}),
    || json!({"Effect": "Deny", "Action": "*"}),
    || json!({"Effect": "Deny", "NotAction": "s3:*"}),
    || json!({"Effect": "Deny", "Action": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}),
];

/// Fewer statements that allow, and more that deny, give nobody more.
fn hold(world: &World, values: &Values, places: Vec<Place>) -> Result<(), TestCaseError> {
    let export = world.export(values);
    let mut fewer: AccountExport = export.clone();
    for (which, at, denies) in places {
        let count = fewer.policies.len();
        let policy = which.checked_rem(count).map(|which| &mut fewer.policies[which]);
        if let Some((policy, new)) = policy.and_then(|policy| {
            let new = less(policy, at, denies)?;
            Some((policy, new))
        }) {
            *policy = new;
        }
    }
    let [before, after] = [export, fewer].map(|rows| radii(&support::atlas(support::Rows(rows).estate())));
    // Outside, whoever was told as one of many may be told alone then.
    let more: Vec<_> = after
        .iter()
        .filter(|(name, own)| before.get(*name).is_some_and(|had| *own > had))
        .map(|(name, own)| format!("{name}: {own} and not {:?}", before.get(name)))
        .collect();
    prop_assert_eq!(more, Vec::<String>::new());
    Ok(())
}

/// Which policy, which of its statements, and what it denies instead of that, if anything.
type Place = (usize, usize, Option<usize>);

fn places() -> impl Strategy<Value = Vec<Place>> {
    prop::collection::vec((0usize..1_000, 0usize..1_000, prop::option::of(0usize..1_000)), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_statement_fewer_that_allows_or_one_more_that_denies_raises_no_blast_radius(
        values in world::values(), places in places(),
    ) {
        hold(&World::new(), &values, places)?;
    }

    #[test]
    fn nor_does_it_for_those_who_may_join_groups(
        values in world::values_of((JOINING_ROWS, 0.85)), places in places(),
    ) {
        hold(&World::joining(), &values, places)?;
    }
}
