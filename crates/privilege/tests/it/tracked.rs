//! What AWS itself keeps of when identities tried what last, beside what a log shows.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::inventory::AccountExport;
use doorward_model::inventory::last_use::LastUse;
use doorward_model::inventory::row::{RowKind, Withdrawn};
use doorward_model::inventory::{Scope, Seen, Source};
use doorward_model::time::{Millis, Time};
use doorward_model::usage::{Ledger, Span};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::estate::Estate;
use doorward_privilege::graph::Filter;
use doorward_privilege::usage::{Efficiencies, EfficiencyAnswer, Logged, TrackedAnswer, Usage, UsedWays};
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use proptest::sample::select;

use crate::catalog::SHIPPED;
use crate::support::{ACCOUNT, Rows, atlas};
use crate::usage::TABLE;
use crate::used_ways::told;

/// When AWS was asked.
const ASKED: i64 = 1_780_000_000_000;
const DAY: i64 = 86_400_000;
const LAST: i64 = ASKED - 100 * DAY;

fn ann() -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/ann")
}

/// What AWS keeps of an identity and a service: when it tried it last, and some of its actions. Zero is never.
fn row(identity: &str, service: &str, used_at_ms: i64, actions: &[(&str, i64)]) -> LastUse {
    LastUse {
        identity: identity.to_owned(),
        service: service.to_owned(),
        used_at_ms,
        actions: actions.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect(),
        seen: Some(Seen { source: Source::Iam.into(), at_ms: ASKED, first_at_ms: 0 }),
        ..LastUse::default()
    }
}

fn granted(permissions: &str, rows: impl IntoIterator<Item = LastUse>) -> Estate {
    let statement = format!(r#"[{{"Effect":"Allow","Action":{permissions},"Resource":"*"}}]"#);
    let mut own = Rows::new().user("ann", &statement);
    own.0.last_uses.extend(rows);
    own.estate()
}

fn window(from: i64, to: i64) -> Span {
    Span { first: Time::from_ms(from), last: Time::from_ms(to), count: 1 }
}

fn efficiency(estate: &Estate, ledger: Ledger) -> Option<EfficiencyAnswer> {
    let usage = Usage::by(ledger, SHIPPED.clone(), TABLE.clone());
    Efficiencies::new(&usage, estate, 7).of(estate.find(&ann()).unwrap())
}

fn answer(
    shares: [f64; 4],
    (granted, used): (u64, u64),
    (services, actions): (usize, usize),
) -> EfficiencyAnswer {
    let [efficiency, tried, unused, unseen] = shares;
    let to = Time::from_ms(ASKED);
    let tracked = TrackedAnswer { from: to - Millis(400 * DAY), to, services, actions };
    EfficiencyAnswer {
        efficiency,
        tried,
        unused,
        unseen,
        granted,
        used,
        from: None,
        to: None,
        sources: Vec::new(),
        tracked: Some(tracked),
    }
}

/// Control weighs 10, reading data 4, listing 1.
const SOME: &str = r#"["iam:CreateAccessKey","iam:ListUsers","iam:PassRole","s3:GetObject","s3:ListAllMyBuckets","sns:Publish"]"#;

#[test]
fn what_was_never_tried_is_unused_only_as_finely_as_it_is_kept() {
    let actions = [("CreateAccessKey", 0), ("ListUsers", LAST), ("NoSuchAction", 0)];
    // Of passing a role nothing is kept, and of publishing nothing was told.
    let estate = granted(SOME, [row(&ann(), "iam", LAST, &actions), row(&ann(), "s3", 0, &[])]);
    let expected = answer([0.0, 0.031_3, 0.468_8, 0.5], (32, 0), (2, 3));
    assert_eq!(efficiency(&estate, Ledger::default()), Some(expected));
    // By service alone nobody can tell which of its calls was tried.
    let estate = granted(SOME, [row(&ann(), "iam", LAST, &[]), row(&ann(), "s3", 0, &[])]);
    let expected = answer([0.0, 0.0, 0.156_3, 0.843_8], (32, 0), (2, 0));
    assert_eq!(efficiency(&estate, Ledger::default()), Some(expected));
    // Data is kept by service alone: what is not listed may have been read.
    let estate = granted(SOME, [row(&ann(), "s3", LAST, &[("ListAllMyBuckets", 0)])]);
    let expected = answer([0.0, 0.0, 0.031_3, 0.968_8], (32, 0), (1, 1));
    assert_eq!(efficiency(&estate, Ledger::default()), Some(expected));
}

#[test]
fn a_log_says_more_than_what_was_tried() {
    let actions = [("CreateAccessKey", LAST), ("ListUsers", LAST)];
    let estate = granted(SOME, [row(&ann(), "iam", LAST, &actions)]);
    let mut ledger = Ledger::default();
    ledger.add_logged(ACCOUNT, "iam:ListUsers", window(10, 20));
    ledger.add_use(&ann(), "iam:ListUsers", ("", window(10, 20)));
    let expected = EfficiencyAnswer {
        from: Some(Time::from_ms(10)),
        to: Some(Time::from_ms(20)),
        sources: vec!["management reads".to_owned()],
        // The log would have shown that buckets were listed.
        ..answer([0.031_3, 0.312_5, 0.031_3, 0.625], (32, 1), (1, 2))
    };
    assert_eq!(efficiency(&estate, ledger), Some(expected));
}

#[test]
fn what_is_kept_of_a_policy_a_group_or_others_says_nothing_of_an_identity() {
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/p");
    let group = format!("arn:aws:iam::{ACCOUNT}:group/g");
    let other = format!("arn:aws:iam::{ACCOUNT}:user/bob");
    let estate = granted(SOME, [policy, group, other].iter().map(|one| row(one, "iam", 0, &[])));
    assert_eq!(efficiency(&estate, Ledger::default()), None);
}

#[test]
fn an_identity_that_is_younger_is_told_of_from_when_it_was_made() {
    let mut rows = Rows::new().user("ann", r#"[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}]"#);
    for identity in &mut rows.0.identities {
        identity.created_at_ms = LAST;
    }
    rows.0.last_uses.push(row(&ann(), "iam", 0, &[]));
    let to = Time::from_ms(ASKED);
    let expected = EfficiencyAnswer {
        tracked: Some(TrackedAnswer { from: Time::from_ms(LAST), to, services: 1, actions: 0 }),
        ..answer([0.0, 0.0, 1.0, 0.0], (1, 0), (1, 0))
    };
    assert_eq!(efficiency(&rows.estate(), Ledger::default()), Some(expected));
}

#[test]
fn a_change_of_what_is_kept_changes_what_is_said() {
    let before = atlas(granted(SOME, [row(&ann(), "iam", 0, &[])]));
    let now = AccountExport {
        account: ACCOUNT.to_owned(),
        scope: Scope::Rows,
        last_uses: vec![row(&ann(), "s3", 0, &[]), row(&ann(), "iam", LAST, &[("ListUsers", LAST)])],
        ..AccountExport::default()
    };
    let later = before.later(&Change { now: vec![now.clone()], gone: Vec::new() }).unwrap();
    let same = granted(SOME, now.last_uses);
    let said = |atlas: &Atlas| efficiency(&atlas.estate, Ledger::default());
    assert_eq!(said(&later), efficiency(&same, Ledger::default()));
    assert_eq!(said(&before), efficiency(&granted(SOME, [row(&ann(), "iam", 0, &[])]), Ledger::default()));
    let gone = |service: &str| Withdrawn {
        kind: RowKind::LastUse.into(),
        key: vec![ann(), service.to_owned()],
        seen: None,
    };
    let without = later.later(&Change { now: Vec::new(), gone: vec![gone("iam"), gone("s3")] }).unwrap();
    assert_eq!(said(&without), None);
    assert!(!without.estate.tells_last_uses());
}

const ANYBODY: &str = r#"{"AWS":"arn:aws:iam::111122223333:root"}"#;

const TABLE_OF_ORDERS: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";

/// Ann may assume a role, make keys for Bob, and read a table.
fn ways_of_ann(rows: &[LastUse], ledger: Ledger) -> [String; 3] {
    let mut own = Rows::new()
        .user("ann", r#"[{"Effect":"Allow","Action":["sts:AssumeRole","iam:CreateAccessKey","dynamodb:GetItem"],"Resource":"*"}]"#)
        .user("bob", "[]")
        .role("one", ANYBODY, "[]")
        .resource("dynamodb:table", TABLE_OF_ORDERS);
    own.0.last_uses.extend(rows.iter().cloned());
    let atlas = atlas(own.estate());
    let usage = Usage::by(ledger, SHIPPED.clone(), TABLE.clone());
    let used = UsedWays::new(&atlas, &usage).unwrap();
    ["role/one", "user/bob", TABLE_OF_ORDERS].map(|to| {
        let (from, to) = (atlas.find(&ann()).unwrap(), atlas.find(to).unwrap());
        used.ways(from, to, &Filter::default(), 1).iter().map(told).collect()
    })
}

#[test]
fn a_step_that_was_never_tried_is_no_step() {
    assert_eq!(ways_of_ann(&[], Ledger::default()), ["one unknown", "bob unknown", "orders unknown"]);
    let never = ["sts", "iam", "dynamodb"].map(|service| row(&ann(), service, 0, &[]));
    assert_eq!(ways_of_ann(&never, Ledger::default()), ["", "", ""]);
    let (assume, key) = (("AssumeRole", 0), ("CreateAccessKey", 0));
    let by_action = [row(&ann(), "sts", LAST, &[assume]), row(&ann(), "iam", LAST, &[key])];
    assert_eq!(ways_of_ann(&by_action, Ledger::default()), ["", "", "orders unknown"]);
}

#[test]
fn a_step_that_was_tried_may_have_been_taken_at_another_time_than_that_of_the_log() {
    let (assume, key) = (("AssumeRole", LAST), ("CreateAccessKey", LAST));
    let tried = [row(&ann(), "sts", LAST, &[assume]), row(&ann(), "iam", LAST, &[key])];
    assert_eq!(ways_of_ann(&tried, Ledger::default()), ["one unknown", "bob unknown", "orders unknown"]);
    let log = |from: i64, to: i64| {
        let mut ledger = Ledger::default();
        for action in ["iam:CreateUser", "sts:AssumeRole"] {
            ledger.add_logged(ACCOUNT, action, window(from, to));
        }
        ledger.add_logged(ACCOUNT, "dynamodb:GetItem", window(from, to));
        ledger
    };
    assert_eq!(ways_of_ann(&tried, log(LAST + DAY, ASKED)), ["one unknown", "bob unknown", ""]);
    // In the time of the log it would stand there.
    assert_eq!(ways_of_ann(&tried, log(LAST - DAY, ASKED)), ["", "", ""]);
}

/// Permissions of all kinds, by service.
const PERMISSIONS: [&str; 9] = [
    "iam:CreateAccessKey",
    "iam:ListUsers",
    "iam:PassRole",
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListAllMyBuckets",
    "s3:GetObjectVersion",
    "sns:Publish",
    "sns:CreateTopic",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn shares_are_what_counting_says(
        granted in btree_set(select(&PERMISSIONS[..]), 1..8),
        services in btree_map(select(&["iam", "s3", "sns"][..]), any::<bool>(), 1..4),
        actions in btree_map(select(&PERMISSIONS[..]), any::<bool>(), 0..5),
        used in btree_set(select(&PERMISSIONS[..]), 0..3),
        logged in option::of(select(&PERMISSIONS[..])),
    ) {
        let service = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        // Whoever tried an action tried its service.
        let actions: BTreeMap<&str, bool> =
            actions.into_iter().filter(|(name, _)| services.contains_key(&*service(name))).collect();
        let tried_service = |of: &str| {
            services[of] || actions.iter().any(|(name, tried)| *tried && service(name) == of)
        };
        let rows: Vec<LastUse> = services.keys().map(|of| {
            let at = |tried: bool| if tried { LAST } else { 0 };
            let own = actions.iter().filter(|(name, _)| service(name) == **of);
            let own: Vec<(&str, i64)> =
                own.map(|(name, tried)| (name.split(':').nth(1).unwrap(), at(*tried))).collect();
            row(&ann(), of, at(tried_service(of)), &own)
        }).collect();
        let mut ledger = Ledger::default();
        for name in used.iter().chain(&logged) {
            ledger.add_logged(ACCOUNT, name, window(1, 2));
        }
        for name in &used {
            ledger.add_use(&ann(), name, ("", window(1, 2)));
        }
        let list: Vec<String> = granted.iter().map(|name| format!("{name:?}")).collect();
        let found = efficiency(&self::granted(&format!("[{}]", list.join(",")), rows), ledger.clone()).unwrap();

        let id = |name: &str| SHIPPED.find(name).unwrap();
        let power = |holds: &dyn Fn(&str) -> bool| -> u64 {
            let names = granted.iter().filter(|name| holds(name));
            names.map(|name| u64::from(SHIPPED.level(id(name)).tenths())).sum()
        };
        let all = power(&|_| true);
        let by_calls = used.iter().flat_map(|call| TABLE.permissions(&SHIPPED, call));
        let by_calls: BTreeSet<&str> = by_calls.map(|one| SHIPPED.name(one)).collect();
        let is_used = |name: &str| by_calls.contains(name);
        let is_tried = |name: &str| !is_used(name) && actions.get(name) == Some(&true);
        let was_never = |name: &str| match actions.get(name) {
            Some(tried) => !tried,
            None => {
                let of = service(name);
                services.contains_key(&*of) && !tried_service(&of) && TABLE.logged(id(name)) != Logged::Never
            }
        };
        let share = |part: u64| (part as f64 * 10_000.0 / all as f64).round() / 10_000.0;
        prop_assert_eq!((found.granted, found.used), (all, power(&is_used)));
        prop_assert_eq!(found.tried, share(power(&is_tried)));
        // What the log would have shown, and what was never tried, is unused: nothing else.
        let usage = Usage::by(ledger, SHIPPED.clone(), TABLE.clone());
        let is_unused = |name: &str| {
            !is_used(name) && !is_tried(name) && (was_never(name) || usage.shows(ACCOUNT, name))
        };
        prop_assert_eq!(found.unused, share(power(&is_unused)));
    }
}
