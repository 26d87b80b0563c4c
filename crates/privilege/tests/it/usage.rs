//! What of its rights each identity uses, and what no log could have shown.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use doorward_model::time::Time;
use doorward_model::usage::{Ledger, Span};
use doorward_privilege::catalog::PermissionId;
use doorward_privilege::usage::{Efficiencies, EfficiencyAnswer, Logged, Table, Usage};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;

use crate::catalog::SHIPPED;
use crate::support::{ACCOUNT, Rows};

pub(crate) static TABLE: LazyLock<Table> = LazyLock::new(|| Table::shipped(&SHIPPED).unwrap());

fn span(first: i64, last: i64) -> Span {
    Span { first: Time::from_ms(first), last: Time::from_ms(last), count: 1 }
}

fn user(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

/// A log of an account with these actions, and those that a user used.
fn ledger(logged: &[&str], used: &[&str]) -> Ledger {
    let mut ledger = Ledger::default();
    for action in logged.iter().chain(used) {
        ledger.add_logged(ACCOUNT, action, span(10, 20));
    }
    for action in used {
        ledger.add_use(&user("ann"), action, ("", span(10, 20)));
    }
    ledger
}

fn rows(permissions: &str) -> Rows {
    Rows::new().user("ann", &format!(r#"[{{"Effect":"Allow","Action":{permissions},"Resource":"*"}}]"#))
}

fn efficiency(rows: Rows, ledger: Ledger) -> Option<EfficiencyAnswer> {
    let (estate, usage) = (rows.estate(), Usage::by(ledger, SHIPPED.clone(), TABLE.clone()));
    Efficiencies::new(&usage, &estate, 7).of(estate.find(&user("ann")).unwrap())
}

fn answer(shares: [f64; 3], (granted, used): (u64, u64), sources: &[&str]) -> Option<EfficiencyAnswer> {
    let [efficiency, unused, unseen] = shares;
    Some(EfficiencyAnswer {
        efficiency,
        tried: 0.0,
        unused,
        unseen,
        granted,
        used,
        from: Some(Time::from_ms(10)),
        to: Some(Time::from_ms(20)),
        sources: sources.iter().map(|one| (*one).to_owned()).collect(),
        tracked: None,
    })
}

#[test]
fn the_tables_that_are_shipped_are_read_and_say_what_is_recorded() {
    let cases = [
        ("iam:CreateRole", Logged::Management),
        ("iam:PassRole", Logged::Never),
        ("s3:ListAllMyBuckets", Logged::Management),
        ("s3:GetObject", Logged::Data),
        ("s3:ListBucket", Logged::Data),
        ("s3:GetObjectVersion", Logged::Data),
        ("s3:GetBucketObjectLockConfiguration", Logged::Management),
        ("lambda:InvokeFunction", Logged::Data),
        ("dynamodb:PutItem", Logged::Data),
        ("dynamodb:CreateTable", Logged::Management),
        ("secretsmanager:GetSecretValue", Logged::Management),
        ("kms:Decrypt", Logged::Data),
        ("execute-api:Invoke", Logged::Never),
        ("sts:AssumeRole", Logged::Management),
    ];
    for (name, logged) in cases {
        assert_eq!(TABLE.logged(SHIPPED.find(name).unwrap()), logged, "{name}");
    }
}

#[test]
fn calls_are_known_by_the_permissions_that_they_use() {
    let cases: [(&str, &[&str]); 9] = [
        ("s3:ListBuckets", &["s3:ListAllMyBuckets"]),
        ("s3:CopyObject", &["s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"]),
        ("s3:GetObject", &["s3:GetObject", "s3:GetObjectVersion"]),
        ("s3:DeleteObjects", &["s3:DeleteObject", "s3:DeleteObjectVersion"]),
        ("lambda:Invoke", &["lambda:InvokeFunction"]),
        ("sqs:SendMessageBatch", &["sqs:SendMessage"]),
        ("kms:ReEncrypt", &["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
        ("iam:CreateRole", &["iam:CreateRole"]),
        ("iam:NoSuchCall", &[]),
    ];
    for (call, expected) in cases {
        let named = TABLE.permissions(&SHIPPED, call).into_iter().map(|one| SHIPPED.name(one));
        assert_eq!(named.collect::<Vec<_>>(), expected, "{call}");
    }
}

#[test]
fn a_table_that_is_not_understood_says_where_and_how_to_mend_it() {
    let cases = [
        (("doorward logged 2\n", "doorward unnamed 1\n"), "line 1: this is no such table"),
        (("doorward logged 1\nnever iam:X", "doorward unnamed 1\n"), "line 2: `never iam:X` says nothing"),
        (("doorward logged 1\n\ndata iam:NoSuch*", "doorward unnamed 1\n"), "line 3: iam:NoSuch* matches no"),
        (("doorward logged 1\nevent s3:A s3:GetObjects", "doorward unnamed 1\n"), "or is s3:GetObject meant"),
        (
            ("doorward logged 1\nevent s3:A", "doorward unnamed 1\n"),
            "line 2: no permission stands behind s3:a",
        ),
        (("doorward logged 1\n", "doorward unnamed 1\niam PassRoles"), "line 2: iam:PassRoles matches no"),
    ];
    for (texts, expected) in cases {
        let error = Table::read(texts, &SHIPPED).unwrap_err().to_string();
        assert!(error.contains(expected), "{error} / {expected}");
    }
}

#[test]
fn used_power_is_weighed_by_level_and_what_is_unseen_is_not_unused() {
    // Control weighs 10, reading data 4, listing 1; passing a role is never seen, and of objects there are no events.
    let granted = r#"["iam:CreateAccessKey","s3:GetObject","iam:ListUsers","iam:PassRole"]"#;
    let sources = ["management reads", "management writes"];
    let found = efficiency(rows(granted), ledger(&["iam:DeleteUser"], &["iam:ListUsers"]));
    assert_eq!(found, answer([0.04, 0.4, 0.56], (25, 1), &sources));
    // Once the log holds an event of an object that was read, it would have shown others.
    let found = efficiency(rows(granted), ledger(&["iam:DeleteUser", "s3:HeadObject"], &["iam:ListUsers"]));
    let with_data = ["management reads", "management writes", "data reads of s3"];
    assert_eq!(found, answer([0.04, 0.56, 0.4], (25, 1), &with_data));
    // A trail that leaves out what reads shows nothing of that.
    let found = efficiency(rows(granted), ledger(&[], &["iam:CreateAccessKey"]));
    assert_eq!(found, answer([0.4, 0.0, 0.6], (25, 10), &["management writes"]));
}

#[test]
fn only_what_is_granted_counts_as_used() {
    let found = efficiency(rows(r#""iam:ListUsers""#), ledger(&[], &["iam:ListRoles", "s3:ListBuckets"]));
    assert_eq!(found, answer([0.0, 1.0, 0.0], (1, 0), &["management reads"]));
}

#[test]
fn without_a_log_of_the_account_or_with_a_policy_that_cannot_be_read_nothing_is_said() {
    assert_eq!(efficiency(rows(r#""iam:*""#), Ledger::default()), None);
    let mut elsewhere = Ledger::default();
    elsewhere.add_logged("444455556666", "iam:ListUsers", span(1, 2));
    elsewhere.add_use(&user("ann"), "iam:ListUsers", ("", span(1, 2)));
    assert_eq!(efficiency(rows(r#""iam:*""#), elsewhere), None);
    let unreadable = Rows::new().user("ann", "[{]");
    assert_eq!(efficiency(unreadable, ledger(&[], &["iam:ListUsers"])), None);
    let nothing = Rows::new().user("ann", r#"[{"Effect":"Deny","Action":"*","Resource":"*"}]"#);
    assert_eq!(efficiency(nothing, ledger(&[], &["iam:ListUsers"])), None);
}

/// Permissions of all kinds.
const SOME: [&str; 12] = [
    "iam:CreateAccessKey",
    "iam:ListUsers",
    "iam:PassRole",
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListAllMyBuckets",
    "s3:GetObjectVersion",
    "lambda:InvokeFunction",
    "lambda:CreateFunction",
    "dynamodb:Query",
    "secretsmanager:GetSecretValue",
    "kms:Decrypt",
];

proptest! {
    #[test]
    fn shares_are_what_counting_says(
        granted in vec(select(&SOME[..]), 0..8),
        sure in any::<bool>(),
        used in vec(select(&SOME[..]), 0..8),
        logged in vec(select(&SOME[..]), 0..4),
    ) {
        let granted: BTreeSet<&str> = granted.into_iter().collect();
        let condition = if sure { "" } else { r#","Condition":{"StringEquals":{"aws:RequestedRegion":"x"}}"# };
        let list: Vec<String> = granted.iter().map(|name| format!("{name:?}")).collect();
        let list = if list.is_empty() { r#""x:y""#.to_owned() } else { format!("[{}]", list.join(",")) };
        let statement = format!(r#"[{{"Effect":"Allow","Action":{list},"Resource":"*"{condition}}}]"#);
        let found = efficiency(Rows::new().user("ann", &statement), ledger(&logged, &used));
        // By their names, all of these are calls or nothing.
        let of = |name: &str| TABLE.permissions(&SHIPPED, name).first().copied().unwrap();
        let kind = |one: PermissionId| {
            let reads = ["Get", "List", "Query"].iter().any(|word| SHIPPED.name(one).contains(word));
            let service = SHIPPED.name(one).split(':').next().unwrap_or_default().to_owned();
            match TABLE.logged(one) {
                Logged::Management => Some((String::new(), reads)),
                Logged::Data if one == of("kms:Decrypt") => Some((service, false)),
                Logged::Data => Some((service, reads)),
                Logged::Never => None,
            }
        };
        let kinds: BTreeSet<_> = logged.iter().chain(&used).filter_map(|name| kind(of(name))).collect();
        let power = |holds: &dyn Fn(&str) -> bool| -> u64 {
            let names = granted.iter().filter(|name| holds(name));
            names.map(|name| u64::from(SHIPPED.level(of(name)).tenths())).sum()
        };
        let all = power(&|_| true);
        let Some(found) = found else {
            prop_assert!(all == 0 || (used.is_empty() && logged.is_empty()));
            return Ok(());
        };
        let by_calls = used.iter().flat_map(|call| TABLE.permissions(&SHIPPED, call));
        let by_calls: BTreeSet<&str> = by_calls.map(|one| SHIPPED.name(one)).collect();
        let is_used = |name: &str| by_calls.contains(name);
        let is_seen = |name: &str| is_used(name) || kind(of(name)).is_some_and(|kind| kinds.contains(&kind));
        let unseen = power(&|name| !is_seen(name));
        prop_assert_eq!((found.granted, found.used), (all, power(&is_used)));
        let share = |part: u64| (part as f64 * 10_000.0 / all as f64).round() / 10_000.0;
        let unused = power(&|name| is_seen(name) && !is_used(name));
        let shares = [found.efficiency, found.unused, found.unseen];
        prop_assert_eq!(shares, [share(found.used), share(unused), share(unseen)]);
        prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
    }
}
