//! Which ways into roles were used, what that says of where to cut, and what of it a log can tell.

use doorward_model::time::Time;
use doorward_model::usage::{Ledger, RESOURCES_MAX, Span};
use doorward_privilege::answers::{chokes, outside, recommended};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::graph::Filter;
use doorward_privilege::usage::{
    RoleAnswer, StepAnswer, Taken, TakenCounts, TrustAnswer, Usage, UsedWays, trust, used,
};

use crate::catalog::SHIPPED;
use crate::support::{ACCOUNT, Rows, atlas};
use crate::usage::TABLE;

const NOTHING: &str = "[]";
const OTHER: &str = "444455556666";
const GITHUB: &str = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
const BY_TOKEN: &str = "sts:AssumeRoleWithWebIdentity";

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn span(at: i64) -> Span {
    Span { first: Time::from_ms(at), last: Time::from_ms(at + 5), count: 2 }
}

/// What is known: the log of the account with some kinds of calls, and who used what on what.
fn usage(logged: &[&str], used: &[(&str, &str, &str, i64)]) -> Usage {
    let mut ledger = Ledger::default();
    logged.iter().for_each(|action| ledger.add_logged(ACCOUNT, action, span(1)));
    used.iter().for_each(|(who, action, on, at)| ledger.add_use(who, action, (on, span(*at))));
    Usage::by(ledger, SHIPPED.clone(), TABLE.clone())
}

const LOGGED: &[&str] = &["sts:AssumeRole"];

/// Who is let in from outside, each with whether it was seen.
fn entrances(atlas: &Atlas, usage: &Usage) -> Vec<String> {
    let mut outside = outside(atlas, 100);
    drop(trust(usage, atlas, &mut outside));
    let told = outside.iter().map(|one| {
        let into = one.into.rsplit(['/', ':']).next().unwrap_or_default();
        format!("{} -> {into} {}", one.who, step(one.usage.as_ref().unwrap()))
    });
    told.collect()
}

fn step(step: &StepAnswer) -> String {
    match (step.taken, step.first, step.last, step.count) {
        (Taken::Seen, Some(first), Some(last), Some(count)) => {
            format!("{}..{} x{count}", first.ms(), last.ms())
        }
        (Taken::Unused, None, None, None) => "unused".to_owned(),
        (Taken::Unknown, None, None, None) => "unknown".to_owned(),
        other => panic!("{other:?}"),
    }
}

fn aws(names: &[&str]) -> String {
    format!(r#"{{"AWS":["{}"]}}"#, names.join(r#"",""#))
}

/// Of another account the log knows the number alone.
#[test]
fn who_comes_from_another_account_is_told_as_far_as_the_log_does() {
    let (ann, bob) = (format!("arn:aws:iam::{OTHER}:user/ann"), format!("arn:aws:iam::{OTHER}:user/bob"));
    let rows = Rows::new()
        .role("whole", &aws(&[OTHER]), NOTHING)
        .role("one", &aws(&[&ann]), NOTHING)
        .role("two", &aws(&[&ann, &bob]), NOTHING)
        .role("idle", &aws(&[&ann, "777788889999"]), NOTHING);
    let atlas = atlas(rows.estate());
    let roles = ["whole", "one", "two"].map(role);
    let assumed: Vec<_> = roles.iter().map(|role| (OTHER, "sts:AssumeRole", &**role, 10)).collect();
    let mut expected = [
        format!("{OTHER} -> whole 10..15 x2"),
        "777788889999 -> idle unused".to_owned(),
        format!("{ann} -> idle unused"),
        format!("{ann} -> one 10..15 x2"),
        format!("{ann} -> two unknown"),
        format!("{bob} -> two unknown"),
    ];
    let mut found = entrances(&atlas, &usage(LOGGED, &assumed));
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    // Where the log of that account is known, too, it says who.
    let named: Vec<_> = assumed.iter().copied().chain([(&*ann, "sts:AssumeRole", &*roles[2], 20)]).collect();
    let found = entrances(&atlas, &usage(LOGGED, &named));
    assert!(found.contains(&format!("{ann} -> two 20..25 x2")), "{found:?}");

    // A log of what writes would show none of it.
    let found = entrances(&atlas, &usage(&["iam:CreateUser"], &[]));
    assert!(found.len() == 6 && found.iter().all(|one| one.ends_with(" unknown")), "{found:?}");
}

/// Who comes from an account of the inventory does not come from outside.
#[test]
fn everybody_is_whom_no_inventory_knows() {
    let atlas = atlas(Rows::new().user("ann", NOTHING).role("open", &aws(&["*"]), NOTHING).estate());
    let open = role("open");
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let by = |who: &str| entrances(&atlas, &usage(LOGGED, &[(who, "sts:AssumeRole", &open, 10)]));
    assert_eq!(by(&ann), ["* -> open unused"]);
    assert_eq!(by(OTHER), ["* -> open 10..15 x2"]);
    assert_eq!(by("lambda.amazonaws.com"), ["* -> open unused"]);
}

/// Workflows of GitHub come in as a subject, and a log names no more of them than the provider.
fn workflows() -> Atlas {
    let trust = |subjects: &str| {
        format!(
            r#"[{{"Effect":"Allow","Principal":{{"Federated":"{GITHUB}"}},"Action":"{BY_TOKEN}",
            "Condition":{{"StringEquals":{{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub":[{subjects}]}}}}}}]"#
        )
    };
    let rows = Rows::new().trusting("one", &trust(r#""repo:o/r:ref:refs/heads/main""#), NOTHING).trusting(
        "two",
        &trust(r#""repo:o/r:ref:refs/heads/main","repo:o/s:ref:refs/heads/main""#),
        NOTHING,
    );
    atlas(rows.estate())
}

#[test]
fn of_those_for_whom_an_issuer_vouches_the_only_one_is_seen_and_none_of_several_is_told() {
    let atlas = workflows();
    let (one, two) = (role("one"), role("two"));
    let all = |used: &[(&str, &str, &str, i64)]| entrances(&atlas, &usage(LOGGED, used));
    let told = |steps: [&str; 3]| {
        let of =
            |(repository, into): (&str, &str)| format!("github:o/{repository}:ref:refs/heads/main -> {into}");
        let ways = [("r", "one"), ("r", "two"), ("s", "two")].map(of);
        ways.iter().zip(steps).map(|(way, step)| format!("{way} {step}")).collect::<Vec<_>>()
    };
    assert_eq!(all(&[]), told(["unused", "unused", "unused"]));
    assert_eq!(all(&[(GITHUB, BY_TOKEN, &one, 7)]), told(["7..12 x2", "unused", "unused"]));
    assert_eq!(all(&[(GITHUB, BY_TOKEN, &two, 7)]), told(["unused", "unknown", "unknown"]));
    // The role was active, though nobody was seen to assume it: that was the only one, or one of two.
    let active = |role: &'static str| all(&[(role, "iam:ListUsers", "", 7)]);
    assert_eq!(active("arn:aws:iam::111122223333:role/one"), told(["7..12 x2", "unused", "unused"]));
    assert_eq!(active("arn:aws:iam::111122223333:role/two"), told(["unused", "unknown", "unknown"]));
}

#[test]
fn of_whom_more_roles_were_assumed_than_are_kept_nothing_is_called_unused() {
    let rows =
        Rows::new().role("zone", &aws(&[OTHER]), NOTHING).role("own", &aws(&["777788889999"]), NOTHING);
    let atlas = atlas(rows.estate());
    let others: Vec<String> = (0..=RESOURCES_MAX).map(|number| role(&format!("a{number:03}"))).collect();
    let used: Vec<_> = others.iter().map(|role| (OTHER, "sts:AssumeRole", &**role, 1)).collect();
    let expected = ["777788889999 -> own unused".to_owned(), format!("{OTHER} -> zone unknown")];
    assert_eq!(entrances(&atlas, &usage(LOGGED, &used)), expected);
}

#[test]
fn into_a_resource_nobody_can_tell() {
    let rows = Rows::new().resource("s3:bucket", "arn:aws:s3:::data").document(
        "arn:aws:s3:::data resource",
        r#"[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]"#,
    );
    let rows = rows.held("arn:aws:s3:::data", "resource", doorward_model::inventory::Origin::Resource);
    assert_eq!(entrances(&atlas(rows.estate()), &usage(LOGGED, &[])), ["444455556666 -> data unknown"]);
}

/// Roles that several may assume: people of the account, a service, another account.
#[test]
fn ways_into_roles_are_counted_and_those_that_can_go_are_named() {
    let anybody = format!("arn:aws:iam::{ACCOUNT}:root");
    let service = r#"{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]}"#;
    let rows = Rows::new()
        .user("ann", NOTHING)
        .role("both", &aws(&[&anybody, OTHER]), NOTHING)
        .role("none", &aws(&[&anybody, &format!("arn:aws:iam::{ACCOUNT}:user/ann")]), NOTHING)
        .role("runs", service, NOTHING)
        .role("deaf", r#"{"AWS":[]}"#, NOTHING);
    let atlas = atlas(rows.estate());
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let used = [
        (&*ann, "sts:AssumeRole", &*role("both"), 10),
        ("lambda.amazonaws.com", "sts:AssumeRole", &*role("runs"), 20),
    ];
    let unused = |name: &str, usage: StepAnswer, ways: usize, unused: &[&str]| RoleAnswer {
        role: role(name),
        blast_radius: 0.0,
        usage,
        ways,
        unused: unused.iter().map(|one| (*one).to_owned()).collect(),
    };
    let seen = |at: i64| StepAnswer {
        taken: Taken::Seen,
        first: Some(Time::from_ms(at)),
        last: Some(Time::from_ms(at + 5)),
        count: Some(2),
    };
    let nobody = StepAnswer { taken: Taken::Unused, ..StepAnswer::default() };
    let expected = TrustAnswer {
        ways: TakenCounts { all: 6, seen: 2, unused: 4, unknown: 0 },
        roles: TakenCounts { all: 3, seen: 2, unused: 1, unknown: 0 },
        unused: vec![
            unused("none", nobody, 2, &[&ann, ACCOUNT]),
            unused("both", seen(10), 2, &[OTHER]),
            unused("runs", seen(20), 2, &["ec2.amazonaws.com"]),
        ],
    };
    assert_eq!(trust(&usage(LOGGED, &used), &atlas, &mut []), Some(expected));

    // Without a log at all nothing is said.
    let none = Usage::by(Ledger::default(), SHIPPED.clone(), TABLE.clone());
    assert_eq!(trust(&none, &atlas, &mut []), None);

    // Without one of who assumes roles, what is seen is seen, and of the rest nobody can tell.
    let expected = TrustAnswer {
        ways: TakenCounts { all: 6, seen: 2, unused: 0, unknown: 4 },
        roles: TakenCounts { all: 3, seen: 2, unused: 0, unknown: 1 },
        unused: Vec::new(),
    };
    assert_eq!(trust(&usage(&[], &used), &atlas, &mut []), Some(expected));
}

/// Two ways to administer: three people by a role that is used, two by one that is not.
fn doors() -> Atlas {
    let assume = |name: &str| {
        format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"{}"}}]"#, role(name))
    };
    let all = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
    let account = aws(&[&format!("arn:aws:iam::{ACCOUNT}:root")]);
    let rows = Rows::new()
        .role("busy-door", &account, &assume("busy"))
        .role("idle-door", &account, &assume("idle"))
        .role("busy", &aws(&[&role("busy-door")]), all)
        .role("idle", &aws(&[&role("idle-door")]), all);
    let rows = ["a", "b", "c"].iter().fold(rows, |rows, name| rows.user(name, &assume("busy-door")));
    let rows = ["d", "e"].iter().fold(rows, |rows, name| rows.user(name, &assume("idle-door")));
    atlas(rows.estate())
}

/// The steps to be cut, in their order.
fn cuts(atlas: &Atlas, usage: &Usage) -> Vec<String> {
    let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let all = recommended(atlas, usage, 100).unwrap();
    let told = all.into_iter().filter(|one| !one.method.is_empty()).map(|one| {
        let cut: Vec<String> = one.cut.split(" -> ").map(short).collect();
        format!("{} cuts off {} {}", cut.join(" -> "), one.cut_off, step(&one.usage.unwrap()))
    });
    told.collect()
}

#[test]
fn what_takes_away_much_and_is_not_used_is_cut_first() {
    let atlas = doors();
    let without: Vec<(u32, Option<StepAnswer>, Option<u64>)> =
        chokes(&atlas, 100).into_iter().map(|one| (one.cut_off, one.usage, one.removes)).collect();
    assert_eq!(without, [4, 4, 3, 3, 3, 2].map(|cut_off| (cut_off, None, None)));
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/a");
    let used = [
        (&*ann, "sts:AssumeRole", &*role("busy-door"), 10),
        (&*role("busy-door"), "sts:AssumeRole", &*role("busy"), 20),
    ];
    let expected = ["idle-door -> idle cuts off 3 unused", "busy-door -> busy cuts off 4 20..25 x2"];
    assert_eq!(cuts(&atlas, &usage(LOGGED, &used)), expected);
    // Where no log would show it, the size of the cut is what counts.
    let unknown = cuts(&atlas, &usage(&["iam:CreateUser"], &[]));
    let expected = ["busy-door -> busy cuts off 4 unknown", "idle-door -> idle cuts off 3 unknown"];
    assert_eq!(unknown, expected);
}

#[test]
fn what_is_reached_says_whether_it_was_come_to() {
    let atlas = doors();
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/a");
    let used = usage(LOGGED, &[(&*ann, "sts:AssumeRole", &*role("busy-door"), 10)]);
    let reached = |name: &str, to: &[&str]| {
        let used = UsedWays::new(&atlas, &used).unwrap();
        let reached = atlas.reached(atlas.find(name).unwrap(), &Filter::default(), Some(&used));
        let of = |end: &str| {
            let one = reached.iter().find(|one| one.to.ends_with(end)).unwrap();
            one.usage.clone().unwrap().taken
        };
        to.iter().map(|end| of(end)).collect::<Vec<_>>()
    };
    let all = ["role/busy-door", "role/busy", "user/e"];
    assert_eq!(reached("user/a", &all), [Taken::Seen, Taken::Unused, Taken::Unused]);
    assert_eq!(reached("user/b", &all), [Taken::Unused; 3]);
    assert_eq!(reached("role/busy", &["user/e"]), [Taken::Standing]);
}

#[test]
fn whether_a_permission_was_used_is_told_by_what_the_log_names() {
    let read = r#"[{"Effect":"Allow","Action":["s3:GetObject","iam:GetRole"],"Resource":"*"}]"#;
    let atlas = atlas(Rows::new().user("ann", read).role("r", &aws(&[OTHER]), NOTHING).estate());
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let used_by =
        [(&*ann, "s3:GetObject", "arn:aws:s3:::data/*", 10), (&*ann, "iam:GetRole", &*role("r"), 20)];
    let asked = |logged: &[&str], (permission, resource): (&str, &str)| {
        let id = atlas.estate.find(&ann).unwrap();
        let mut answer = [atlas.can(id, permission, resource).unwrap()];
        used(&usage(logged, &used_by), &atlas.estate, &mut answer);
        step(&answer[0].usage.clone().unwrap())
    };
    let shown = &["s3:GetObject", "iam:GetRole"][..];
    let cases = [
        (("s3:GetObject", "*"), "10..15 x2"),
        (("s3:GetObject", "arn:aws:s3:::data/*"), "10..15 x2"),
        // A log names the bucket alone.
        (("s3:GetObject", "arn:aws:s3:::data/object"), "unknown"),
        (("s3:GetObject", "arn:aws:s3:::other/object"), "unused"),
        (("s3:PutObject", "arn:aws:s3:::data/*"), "unknown"),
        (("iam:GetRole", &*role("r")), "20..25 x2"),
        (("iam:GetRole", &*role("other")), "unused"),
        (("iam:ListRoles", "*"), "unused"),
        (("iam:PassRole", "*"), "unknown"),
    ];
    for (question, expected) in cases {
        assert_eq!(asked(shown, question), expected, "{question:?}");
    }
    assert_eq!(asked(&["iam:CreateUser"], ("iam:ListRoles", "*")), "unknown");
}
