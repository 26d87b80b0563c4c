//! The inventory: an import is the difference that it makes, and what is known of it comes back as rows.

use std::collections::{BTreeMap, BTreeSet};

use doorward_engine::{Engine, Rules, derive};
use doorward_model::hash::Hash16;
use doorward_model::id::TenantId;
use doorward_model::identity::{Credential, CredentialKind, Identity, IdentityKind};
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet};
use doorward_model::inventory::finding::AccessFinding;
use doorward_model::inventory::gone::Gone;
use doorward_model::inventory::last_use::LastUse;
use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{Row, RowKind};
use doorward_model::inventory::{
    AccountExport, Entitlement, Group, Origin, PolicyDocument, Scope, Seen, Source,
};
use doorward_model::record::{Fact, ImportCommitted};
use doorward_model::time::Time;
use doorward_views::checkpoint::FORMAT;
use proptest::collection::btree_set;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};

use crate::support::Driver;

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];

fn take(driver: &mut Driver, export: &AccountExport, now: i64) -> Vec<Fact> {
    driver.import(export, Time::from_ms(now))
}

fn seen(source: Source) -> Option<Seen> {
    Some(Seen::by(source))
}

fn role(account: &str, name: &str) -> Identity {
    Identity {
        id: format!("arn:aws:iam::{account}:role/{name}"),
        kind: IdentityKind::Workload.into(),
        platform: "aws".into(),
        account: account.into(),
        name: name.into(),
        created_at_ms: 5,
        peer_group: format!("role:{name}"),
        seen: seen(Source::Iam),
        ..Identity::default()
    }
}

fn held(holder: &str, policy: &str, origin: Origin) -> Entitlement {
    Entitlement {
        holder: holder.into(),
        policy: policy.into(),
        origin: origin.into(),
        seen: seen(Source::Iam),
        ..Entitlement::default()
    }
}

fn document(name: &str, text: &str) -> PolicyDocument {
    PolicyDocument { seen: seen(Source::Iam), ..PolicyDocument::of(name.into(), text.into()) }
}

/// A whole account of some roles, each with a trust policy and one that is attached.
fn account(account: &str, names: &BTreeSet<String>, newest_at_ms: i64) -> AccountExport {
    let mut export = AccountExport {
        account: account.to_owned(),
        newest_at_ms,
        complete: true,
        ..AccountExport::default()
    };
    for name in names {
        let id = role(account, name).id;
        let own = format!("arn:aws:iam::{account}:policy/{name}");
        let text = format!(r#"{{"Statement":[{{"Effect":"Allow","Action":"s3:{name}","Resource":"*"}}]}}"#);
        export.identities.push(role(account, name));
        let trust = document(&format!("{id} trust"), &text);
        export.entitlements.push(held(&id, &own, Origin::Attached));
        let hash = trust.hash.0.to_vec();
        export.entitlements.push(Entitlement { document: hash, ..held(&id, "trust", Origin::Trust) });
        export.policies.push(document(&own, &text));
        export.policies.push(trust);
        let id = format!("arn:aws:iam::{account}:group/{name}");
        let group = Group { id, name: name.clone(), account: account.into(), ..Group::default() };
        export.groups.push(Group { seen: seen(Source::Iam), ..group });
    }
    export
}

/// What is told row by row, of every kind.
fn rows(account: &str, names: &BTreeSet<String>, at_ms: i64) -> AccountExport {
    let seen = Some(Seen { at_ms, ..Seen::by(Source::Config) });
    let mut export =
        AccountExport { account: account.to_owned(), scope: Scope::Rows, ..AccountExport::default() };
    for name in names {
        let id = format!("arn:aws:lambda::{account}:function:{name}");
        let runs_as = role(account, name).id;
        let (account, of) = (account.to_owned(), account);
        export.credentials.push(Credential {
            id: format!("access-key-1:{runs_as}"),
            kind: CredentialKind::AccessKey.into(),
            identity: runs_as.clone(),
            seen,
            ..Credential::default()
        });
        let policy = document(&format!("{id} resource"), "{}");
        export.entitlements.push(Entitlement {
            document: policy.hash.0.to_vec(),
            seen,
            ..held(&id, "resource", Origin::Resource)
        });
        export.policies.push(PolicyDocument { seen, ..policy });
        export.resources.push(Resource {
            id: id.clone(),
            account: account.clone(),
            runs_as,
            tags: [("team".to_owned(), name.clone())].into(),
            seen,
            ..Resource::default()
        });
        let [node, set, member] = ["ou", "ps", "member"].map(|kind| format!("{kind}-{of}-{name}"));
        export.nodes.push(OrganisationNode {
            id: node,
            organisation: account.clone(),
            seen,
            ..OrganisationNode::default()
        });
        let (id_of_set, instance) = (set.clone(), account.clone());
        export.permission_sets.push(PermissionSet {
            id: id_of_set,
            instance,
            seen,
            ..PermissionSet::default()
        });
        export.assignments.push(Assignment {
            principal: member.clone(),
            permission_set: set,
            account: account.clone(),
            seen,
            ..Assignment::default()
        });
        export.memberships.push(Membership { group: "g".into(), member, store: account.clone(), seen });
        export.findings.push(AccessFinding {
            id: format!("{of}-{name}"),
            resource: id,
            account,
            seen,
            ..AccessFinding::default()
        });
        let holder = format!("arn:aws:iam::{}:user/{name}", export.account);
        export.last_uses.push(LastUse { identity: holder, service: "s3".into(), seen, ..LastUse::default() });
    }
    export
}

/// Every row of exports as the fact of it: each without when it was seen, as order by kind and key.
fn told(exports: &[AccountExport]) -> BTreeMap<(RowKind, Vec<String>), String> {
    fn of<T: Row>(rows: &[T]) -> impl Iterator<Item = ((RowKind, Vec<String>), String)> {
        rows.iter().cloned().map(|mut row| {
            let source = row.seen().unwrap_or_default().source();
            row.set_seen(None);
            ((T::KIND, row.key()), format!("{source:?} {:?}", row.found()))
        })
    }
    let mut all = BTreeMap::new();
    for export in exports {
        let identities = export.identities.iter().map(|identity| {
            let source = identity.seen.unwrap_or_default().source();
            let bare = Identity { seen: None, ..identity.clone() };
            ((RowKind::Identity, vec![bare.id.clone()]), format!("{source:?} {bare:?}"))
        });
        all.extend(identities);
        let policies = export.policies.iter().map(|PolicyDocument { name, hash, version, seen, .. }| {
            let source = seen.unwrap_or_default().source();
            ((RowKind::Policy, vec![name.clone()]), format!("{source:?} {hash} {version}"))
        });
        all.extend(policies);
        all.extend(of(&export.groups));
        all.extend(of(&export.entitlements));
        all.extend(of(&export.credentials));
        all.extend(of(&export.resources));
        all.extend(of(&export.nodes));
        all.extend(of(&export.permission_sets));
        all.extend(of(&export.assignments));
        all.extend(of(&export.memberships));
        all.extend(of(&export.findings));
    }
    all
}

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set("[a-c]{1,2}", 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Also after a checkpoint, and whatever was known before of whole accounts.
    #[test]
    fn what_is_imported_comes_back(before in names(), whole in names(), single in names(), first in any::<bool>()) {
        let mut driver = Driver::new(1, 1);
        take(&mut driver, &account(ACCOUNTS[0], &before, 10), 100);
        let other = account(ACCOUNTS[1], &before, 10);
        take(&mut driver, &other, 100);
        let (whole, single) = (account(ACCOUNTS[0], &whole, 10), rows(ACCOUNTS[1], &single, 150));
        let mut exports = [whole.clone(), single.clone()];
        if first {
            exports.reverse();
        }
        for export in &exports {
            prop_assert!(!take(&mut driver, export, 200).is_empty());
        }
        for export in &exports {
            let again = take(&mut driver, export, 300);
            prop_assert!(again.iter().all(|fact| matches!(fact, Fact::ImportCommitted(_))), "{again:?}");
        }
        let expected = told(&[whole, other, single]);
        prop_assert_eq!(told(&derive(&driver.engine.state.control)), expected);
        let kept = driver.engine.checkpoint();
        let mut loaded = Engine::new(TenantId::from("test"), Rules::default(), 1, 2);
        loaded.load(&kept, FORMAT).unwrap();
        prop_assert!(loaded.checkpoint() == kept);
        prop_assert_eq!(derive(&loaded.state.control), derive(&driver.engine.state.control));
        prop_assert_eq!(&loaded.state.control.inventory, &driver.engine.state.control.inventory);
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The kind and first name of each fact of a row, and what happens to it.
fn said(facts: &[Fact]) -> Vec<String> {
    let short = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
    let said = facts.iter().filter_map(|fact| {
        Some(match fact {
            Fact::IdentityFound(found) => format!("identity {}", short(&found.id)),
            Fact::GroupFound(found) => format!("group {}", short(&found.id)),
            Fact::PolicyFound(found) => format!("policy {}", short(&found.name)),
            Fact::EntitlementObserved(found) => format!("held {}", short(&found.holder)),
            Fact::Withdrawn(gone) => format!("no {:?} {}", gone.kind(), short(&gone.key[0])),
            Fact::ImportCommitted(_) => return None,
            other => format!("{other:?}"),
        })
    });
    said.collect()
}

#[test]
fn what_is_told_to_be_gone_goes_with_all_it_held_unless_something_later_is_known() {
    let gone = |at_ms: i64| {
        let id = format!("arn:aws:lambda::{}:function:a", ACCOUNTS[0]);
        let gone = vec![Gone { id, at_ms }];
        let account = ACCOUNTS[0].to_owned();
        AccountExport { account, scope: Scope::Rows, gone, ..AccountExport::default() }
    };
    let mut driver = Driver::new(1, 1);
    take(&mut driver, &rows(ACCOUNTS[0], &set(&["a", "b"]), 50), 100);
    for earlier in [40, 50] {
        assert_eq!(take(&mut driver, &gone(earlier), 100), []);
    }
    let facts = take(&mut driver, &gone(60), 100);
    assert_eq!(said(&facts), ["no Resource a", "no Entitlement a", "no Policy a resource"]);
    assert_eq!(take(&mut driver, &gone(60), 100), []);
    let exports = derive(&driver.engine.state.control);
    let left = exports.iter().flat_map(|export| &export.resources).map(|row| &*row.id).collect::<Vec<_>>();
    assert_eq!(left, [format!("arn:aws:lambda::{}:function:b", ACCOUNTS[0])]);
    // A role goes with its keys, and is there again when it is told anew.
    let role = |at_ms: i64| {
        let seen = Some(Seen { at_ms, ..Seen::by(Source::Config) });
        let mut export = rows(ACCOUNTS[1], &set(&["r"]), at_ms);
        (export.resources, export.entitlements, export.policies) = (Vec::new(), Vec::new(), Vec::new());
        export.identities.push(Identity { seen, ..role(ACCOUNTS[1], "r") });
        export
    };
    take(&mut driver, &role(50), 100);
    let mut ends = gone(60);
    ends.gone[0].id = role(1).identities[0].id.clone();
    assert_eq!(said(&take(&mut driver, &ends, 100)), ["no Identity role/r", "no Credential role/r"]);
    assert_eq!(said(&take(&mut driver, &role(70), 100))[0], "identity role/r");
}

#[test]
fn only_what_is_new_changed_or_gone_becomes_a_fact_in_a_fixed_order() {
    let mut driver = Driver::new(1, 1);
    take(&mut driver, &account(ACCOUNTS[0], &set(&["a", "b"]), 10), 100);
    take(&mut driver, &account(ACCOUNTS[1], &set(&["a", "b"]), 10), 100);
    take(&mut driver, &rows(ACCOUNTS[0], &set(&["a"]), 50), 100);
    let mut next = account(ACCOUNTS[0], &set(&["b", "c"]), 20);
    next.policies[0] = document(&next.policies[0].name, r#"{"Statement":[]}"#);
    let facts = take(&mut driver, &next, 200);
    let expected = [
        "identity role/c",
        "group group/c",
        "policy policy/b",
        "policy policy/c",
        "policy role/c trust",
        "held role/c",
        "held role/c",
        "no Identity role/a",
        "no Group group/a",
        "no Policy policy/a",
        "no Policy role/a trust",
        "no Entitlement role/a",
        "no Entitlement role/a",
        "no Credential role/a",
    ];
    assert_eq!(said(&facts), expected);
    let committed = ImportCommitted {
        account: ACCOUNTS[0].into(),
        newest_at_ms: 20,
        identities: 2,
        policies: 4,
        confirmed_at_ms: 200,
    };
    assert_eq!(facts.last(), Some(&Fact::ImportCommitted(committed)));
    let Fact::PolicyFound(changed) = &facts[2] else { panic!("{facts:?}") };
    assert_eq!((&*changed.document, changed.readable), (&Hash16::of(br#"{"Statement":[]}"#).0[..], true));
}

#[test]
fn what_is_gone_is_known_as_such_and_comes_back() {
    let mut driver = Driver::new(1, 1);
    let [both, one] = [&["a", "b"][..], &["b"]].map(|names| account(ACCOUNTS[0], &set(names), 10));
    take(&mut driver, &both, 100);
    take(&mut driver, &one, 200);
    let id = role(ACCOUNTS[0], "a").id;
    let gone = |engine: &Engine| engine.state.control.identities[id.as_str()].gone();
    let mut loaded = Engine::new(TenantId::from("test"), Rules::default(), 1, 2);
    loaded.load(&driver.engine.checkpoint(), FORMAT).unwrap();
    let since = Some(Seen { source: Source::Iam.into(), at_ms: 200, first_at_ms: 0 });
    assert_eq!([gone(&driver.engine), gone(&loaded)], [since, since]);
    // It is told once.
    assert_eq!(said(&take(&mut driver, &one, 250)), [""; 0]);
    assert_eq!(said(&take(&mut driver, &both, 300)).len(), 6);
    assert_eq!(gone(&driver.engine), None);
    let back = driver.engine.state.control.identities[id.as_str()].seen();
    assert_eq!(back, Some(Seen { source: Source::Iam.into(), at_ms: 300, first_at_ms: 100 }));
}

#[test]
fn absence_says_nothing_where_pages_are_missing_or_rows_are_told_one_by_one() {
    let mut driver = Driver::new(1, 1);
    let both = account(ACCOUNTS[0], &set(&["a", "b"]), 10);
    take(&mut driver, &both, 100);
    let one = account(ACCOUNTS[0], &set(&["b"]), 10);
    let partial = AccountExport { complete: false, ..one.clone() };
    let single = AccountExport { scope: Scope::Rows, ..one.clone() };
    // An account without roles is none: pages are missing.
    let last_page = AccountExport { identities: Vec::new(), ..one };
    for export in [partial, single, last_page] {
        assert_eq!(said(&take(&mut driver, &export, 200)), [""; 0]);
    }
    assert_eq!(told(&derive(&driver.engine.state.control)), told(&[both]));
    let confirmed = driver.engine.state.control.inventory.imports[ACCOUNTS[0]].confirmed_at_ms;
    assert_eq!(confirmed, 100);
}

#[test]
fn rows_that_are_older_than_a_whole_statement_do_not_overwrite_it() {
    let mut driver = Driver::new(1, 1);
    let whole = account(ACCOUNTS[0], &set(&["a"]), 10);
    take(&mut driver, &whole, 100);
    // Nothing has changed, and so it is still at 200.
    take(&mut driver, &whole, 200);
    let at = |at_ms| {
        let seen = Some(Seen { at_ms, ..Seen::by(Source::Config) });
        let policies = vec![PolicyDocument { seen, ..document(&whole.policies[0].name, "{}") }];
        let identities = vec![Identity { name: "other".into(), seen, ..whole.identities[0].clone() }];
        let scope = Scope::Rows;
        AccountExport { policies, identities, scope, account: ACCOUNTS[0].into(), ..AccountExport::default() }
    };
    assert_eq!(said(&take(&mut driver, &at(150), 300)), [""; 0]);
    assert_eq!(said(&take(&mut driver, &at(250), 300)), ["identity role/a", "policy policy/a"]);
    let found = driver.engine.state.control.inventory.policies.get(&[whole.policies[0].name.clone()]);
    let found = found.map(|found| (found.readable, found.seen));
    let since = Some(Seen { source: Source::Config.into(), at_ms: 250, first_at_ms: 100 });
    assert_eq!(found, Some((false, since)));
}

#[test]
fn each_row_tells_when_it_was_seen_first_and_last() {
    let mut driver = Driver::new(1, 1);
    for now in [100, 200] {
        take(&mut driver, &account(ACCOUNTS[0], &set(&["a"]), 10), now);
    }
    take(&mut driver, &rows(ACCOUNTS[0], &set(&["a"]), 150), 200);
    let derived = derive(&driver.engine.state.control);
    let [export] = derived.as_slice() else { panic!("{derived:?}") };
    let times = |seen: Option<Seen>| seen.map(|seen| (seen.first_at_ms, seen.at_ms));
    assert_eq!(export.identities.iter().map(|row| times(row.seen)).collect::<Vec<_>>(), [Some((100, 200))]);
    assert_eq!(export.groups.iter().map(|row| times(row.seen)).collect::<Vec<_>>(), [Some((100, 200))]);
    assert_eq!(export.resources.iter().map(|row| times(row.seen)).collect::<Vec<_>>(), [Some((150, 150))]);
    assert_eq!((export.scope, export.complete, export.newest_at_ms), (Scope::Account, true, 10));
}

#[test]
fn who_was_only_seen_to_act_is_not_missed_and_an_export_confirms_it() {
    let mut driver = Driver::new(1, 1);
    let shown = Identity { seen: None, created_at_ms: 0, ..role(ACCOUNTS[0], "a") };
    driver.fact(Fact::IdentityFound(shown.clone()), Time::from_ms(50));
    take(&mut driver, &account(ACCOUNTS[0], &set(&["b"]), 60), 100);
    let known = |driver: &Driver| {
        let known = &driver.engine.state.control.identities[shown.id.as_str()];
        (known.seen().map(|seen| seen.source()), known.gone())
    };
    assert_eq!(known(&driver), (None, None));
    take(&mut driver, &account(ACCOUNTS[0], &set(&["a", "b"]), 60), 200);
    assert_eq!(known(&driver), (Some(Source::Iam), None));
}

#[test]
fn what_an_event_has_shown_since_the_latest_date_of_an_export_is_not_missed_in_it() {
    let mut driver = Driver::new(1, 1);
    let by_event = |name: &str, at_ms| {
        let seen = Some(Seen { at_ms, ..Seen::by(Source::Event) });
        let id = format!("arn:aws:iam::{}:group/{name}", ACCOUNTS[0]);
        Fact::GroupFound(Group {
            id,
            name: name.into(),
            account: ACCOUNTS[0].into(),
            seen,
            ..Group::default()
        })
    };
    for fact in [by_event("old", 50), by_event("young", 70), by_event("a", 70)] {
        driver.fact(fact, Time::from_ms(80));
    }
    let facts = take(&mut driver, &account(ACCOUNTS[0], &set(&["a"]), 60), 100);
    assert_eq!(said(&facts).last().map(String::as_str), Some("no Group group/old"));
    let groups = driver.engine.state.control.inventory.groups.iter();
    let sources: Vec<_> =
        groups.map(|group| (group.name.clone(), group.seen.unwrap_or_default().source())).collect();
    assert_eq!(sources, [("a".to_owned(), Source::Iam), ("young".to_owned(), Source::Event)]);
}
