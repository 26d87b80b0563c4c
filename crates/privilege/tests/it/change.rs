//! What an atlas answers after rows of its inventory have changed.

use doorward_model::inventory::organisation::NodeKind;
use doorward_model::inventory::row::{Row, RowKind, Withdrawn};
use doorward_model::inventory::{AccountExport, Entitlement, Origin, Scope};
use doorward_privilege::answers::{self, Escalation};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;

use crate::support::{ACCOUNT, Rows, atlas, node};

const NOTHING: &str = r#"[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]"#;
const WRITES: &str = r#"[{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"*"}]"#;

/// The escalation of all, in order.
fn told(atlas: &Atlas) -> Vec<Escalation> {
    answers::principals(atlas).into_iter().map(|one| one.escalation).collect()
}

fn now(rows: Rows) -> Change {
    Change { now: vec![AccountExport { scope: Scope::Rows, ..rows.0 }], gone: Vec::new() }
}

fn gone(kind: RowKind, key: Vec<String>) -> Change {
    let withdrawn = Withdrawn { kind: kind.into(), key, seen: None };
    Change { now: Vec::new(), gone: vec![withdrawn] }
}

#[test]
fn rights_come_and_go_and_the_older_atlas_stays_as_it_was() {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/writes");
    let held = || Rows::new().held(&arn, &policy, Origin::Attached);
    let first = atlas(Rows::new().user("ann", NOTHING).document(&policy, WRITES).estate());
    let attached = first.later(&now(held())).unwrap();
    let narrowed = attached.later(&now(Rows::new().document(&policy, NOTHING))).unwrap();
    let without = attached.later(&gone(RowKind::Policy, vec![policy.clone()])).unwrap();
    let row = Entitlement { origin: Origin::Attached.into(), ..held().0.entitlements[0].clone() };
    let detached = attached.later(&gone(RowKind::Entitlement, row.key())).unwrap();
    let left = attached.later(&gone(RowKind::Identity, vec![arn.clone()])).unwrap();
    let back = left.later(&now(Rows::new().identity(&arn, "ann", &[]))).unwrap();
    let (none, is_now) = (vec![Escalation::None], vec![Escalation::Now]);
    let all = [&first, &attached, &narrowed, &without, &detached, &left, &back].map(told);
    assert_eq!(all, [none.clone(), is_now.clone(), none.clone(), none.clone(), none, Vec::new(), is_now]);
    let unknown = |atlas: &Atlas| answers::unknown(&atlas.estate).len();
    assert_eq!([&attached, &without, &detached].map(unknown), [0, 1, 0]);
}

#[test]
fn a_control_policy_that_went_before_any_account_was_below_it_limits_nobody() {
    let mut rows = Rows::new().user("ann", NOTHING).held("r-1", "p-limit", Origin::ServiceControl);
    rows.0.nodes.push(node("r-1", NodeKind::Root, ""));
    let key = rows.0.entitlements.last().unwrap().key();
    let without = atlas(rows.estate()).later(&gone(RowKind::Entitlement, key)).unwrap();
    let mut account = Rows::new();
    account.0.nodes.push(node(ACCOUNT, NodeKind::Account, "r-1"));
    let placed = without.later(&now(account)).unwrap();
    let limits: Vec<_> = placed.estate.accounts().map(|(_, one)| one.service_control.clone()).collect();
    assert_eq!(limits, [Vec::<Vec<_>>::new()]);
}
