//! Ways whose steps a log shows.

use doorward_model::time::Time;
use doorward_model::usage::{Ledger, Span};
use doorward_privilege::answers::PathAnswer;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::graph::Filter;
use doorward_privilege::usage::{Taken, Usage, UsedWays};

use crate::catalog::SHIPPED;
use crate::support::{ACCOUNT, Rows, atlas};
use crate::usage::TABLE;

const ANYBODY: &str = r#"{"AWS":"arn:aws:iam::111122223333:root"}"#;
const ASSUME: &str = r#"[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]"#;
const ALL: &str = r#"[{"Effect":"Allow","Action":"*","Resource":"*"}]"#;
const BUCKET: &str = "arn:aws:s3:::data";

fn arn(end: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{end}")
}

fn span(at: i64) -> Span {
    Span { first: Time::from_ms(at), last: Time::from_ms(at + 5), count: 2 }
}

/// Two people who may assume all of three roles, of which one administers, and which may assume one another; a method; and
/// a bucket that all of them read.
fn estate() -> Atlas {
    let read = r#"[{"Effect":"Allow","Action":["sts:AssumeRole","s3:GetObject"],"Resource":"*"}]"#;
    let keys = r#"[{"Effect":"Allow","Action":["iam:CreateAccessKey"],"Resource":"*"}]"#;
    let rows = Rows::new()
        .user("ann", read)
        .user("bob", ASSUME)
        .user("eve", keys)
        .role("one", ANYBODY, ASSUME)
        .role("two", ANYBODY, ASSUME)
        .role("top", ANYBODY, ALL)
        .resource("s3:bucket", BUCKET);
    atlas(rows.estate())
}

/// What is known: the log of the account with some kinds of calls, and who used what on what.
fn usage(logged: &[&str], used: &[(&str, &str, &str, i64)]) -> Usage {
    let mut ledger = Ledger::default();
    logged.iter().for_each(|action| ledger.add_logged(ACCOUNT, action, span(1)));
    for (who, action, on, at) in used {
        ledger.add_use(&arn(who), action, (on, span(*at)));
        ledger.add_logged(ACCOUNT, action, span(*at));
    }
    Usage::by(ledger, SHIPPED.clone(), TABLE.clone())
}

fn ways(atlas: &Atlas, usage: &Usage, (from, to): (&str, &str)) -> Vec<String> {
    let used = UsedWays::new(atlas, usage).unwrap();
    let (from, to) = (atlas.find(from).unwrap(), atlas.find(to).unwrap());
    used.ways(from, to, &Filter::default(), 5).iter().map(told).collect()
}

/// A way in one line: each step with whether it was seen, and from when on.
pub(crate) fn told(way: &PathAnswer) -> String {
    let steps = way.hops.iter().map(|hop| {
        let usage = hop.usage.clone().unwrap();
        let to = hop.edge.to.rsplit([':', '/']).next().unwrap_or_default().to_owned();
        match (usage.taken, usage.first, usage.last) {
            (Taken::Seen, Some(first), Some(last)) => format!("{to} {}..{}", first.ms(), last.ms()),
            (Taken::Standing, None, None) => format!("{to} standing"),
            (Taken::Unknown, None, None) => format!("{to} unknown"),
            other => panic!("{other:?}"),
        }
    });
    steps.collect::<Vec<_>>().join(", ")
}

const ADMIN: &str = "administrator of 111122223333 standing";

#[test]
fn a_pool_leads_only_to_whom_was_seen_through_it() {
    let atlas = estate();
    let (one, top) = (arn("role/one"), arn("role/top"));
    let used = usage(
        &["sts:AssumeRole"],
        &[
            ("user/ann", "sts:AssumeRole", &one, 10),
            ("role/one", "sts:AssumeRole", &top, 20),
            ("user/bob", "sts:AssumeRole", &arn("role/two"), 30),
        ],
    );
    assert_eq!(ways(&atlas, &used, ("user/ann", "admin")), [format!("one 10..15, top 20..25, {ADMIN}")]);
    // Bob is in the same pool, and has only been to the other role.
    assert_eq!(ways(&atlas, &used, ("user/bob", "admin")), [""; 0]);
    assert_eq!(ways(&atlas, &used, ("user/bob", "role/two")), ["two 30..35"]);
    let one = usage(&[], &[("user/ann", "sts:AssumeRole", &one, 10)]);
    assert_eq!(ways(&atlas, &one, ("user/ann", "role/one")), ["one 10..15"]);
    assert_eq!(ways(&atlas, &one, ("user/ann", "role/two")), [""; 0]);
}

#[test]
fn what_was_used_and_is_allowed_no_more_is_no_way() {
    let one = arn("role/one");
    let only = format!(r#"[{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"{one}"}}]"#);
    let rows = Rows::new().user("dan", &only).role("one", ANYBODY, ALL).role("two", ANYBODY, ASSUME);
    let atlas = atlas(rows.user("ann", ASSUME).estate());
    let used = usage(
        &[],
        &[
            ("user/dan", "sts:AssumeRole", &arn("role/two"), 10),
            ("user/ann", "sts:AssumeRole", &arn("role/two"), 10),
        ],
    );
    assert_eq!(ways(&atlas, &used, ("user/ann", "role/two")), ["two 10..15"]);
    assert_eq!(ways(&atlas, &used, ("user/dan", "role/two")), [""; 0]);
}

#[test]
fn what_no_log_would_show_is_possible_and_said_to_be_unknown() {
    let atlas = estate();
    let nothing = usage(&[], &[]);
    assert_eq!(
        ways(&atlas, &nothing, ("user/ann", "admin")).first().map(String::as_str),
        Some(&*format!("top unknown, {ADMIN}"))
    );
    // With a log of what reads, nobody has assumed a role.
    assert_eq!(ways(&atlas, &usage(&["iam:GetUser"], &[]), ("user/ann", "admin")), [""; 0]);
    // A log of what writes would not show it.
    let writes = usage(&["iam:CreateUser"], &[]);
    assert_eq!(
        ways(&atlas, &writes, ("user/bob", "role/two")).first().map(String::as_str),
        Some("two unknown")
    );
}

#[test]
fn data_was_reached_where_its_use_is_seen_and_unknown_without_data_events() {
    let atlas = estate();
    let objects = format!("{BUCKET}/*");
    let seen = usage(&[], &[("user/ann", "s3:GetObject", &objects, 7)]);
    assert_eq!(ways(&atlas, &seen, ("user/ann", BUCKET)), ["data 7..12"]);
    let without = usage(&["iam:CreateUser", "iam:GetUser"], &[]);
    assert_eq!(ways(&atlas, &without, ("user/ann", BUCKET)), ["data unknown"]);
}

#[test]
fn data_events_of_others_show_that_one_has_not_read() {
    let rows = Rows::new()
        .user("ann", r#"[{"Effect":"Allow","Action":["dynamodb:GetItem"],"Resource":"*"}]"#)
        .resource("dynamodb:table", "arn:aws:dynamodb:eu-west-1:111122223333:table/t");
    let atlas = atlas(rows.estate());
    let others = usage(&["dynamodb:Query"], &[]);
    assert_eq!(ways(&atlas, &others, ("user/ann", "table/t")), [""; 0]);
    // On a resource that cannot be told it may have been this one.
    let somewhere = usage(&[], &[("user/ann", "dynamodb:GetItem", "x:y", 3)]);
    assert_eq!(ways(&atlas, &somewhere, ("user/ann", "table/t")), ["t unknown"]);
}

/// A version is read by the same call, which names it, so data events of others tell of both permissions.
#[test]
fn data_events_of_a_bucket_show_that_one_has_read_none_of_its_versions_either() {
    for reads in ["s3:GetObject*", "s3:GetObjectVersion"] {
        let reads = format!(r#"[{{"Effect":"Allow","Action":"{reads}","Resource":"*"}}]"#);
        let atlas = atlas(Rows::new().user("ann", &reads).resource("s3:bucket", BUCKET).estate());
        let others = usage(&["s3:GetObject"], &[]);
        assert_eq!(ways(&atlas, &others, ("user/ann", BUCKET)), [""; 0], "{reads}");
        let objects = format!("{BUCKET}/*");
        let seen = usage(&[], &[("user/ann", "s3:GetObject", &objects, 7)]);
        assert_eq!(ways(&atlas, &seen, ("user/ann", BUCKET)), ["data 7..12"], "{reads}");
        let without = usage(&["iam:CreateUser", "iam:GetUser"], &[]);
        assert_eq!(ways(&atlas, &without, ("user/ann", BUCKET)), ["data unknown"], "{reads}");
    }
}

#[test]
fn a_method_is_used_when_its_calls_are_seen() {
    let atlas = estate();
    let seen = usage(&[], &[("user/eve", "iam:CreateAccessKey", &arn("user/bob"), 40)]);
    assert_eq!(ways(&atlas, &seen, ("user/eve", "user/bob")), ["bob 40..45"]);
    let unused = usage(&["iam:CreateAccessKey"], &[]);
    assert_eq!(ways(&atlas, &unused, ("user/eve", "user/bob")), [""; 0]);
    let nothing = usage(&[], &[]);
    assert_eq!(
        ways(&atlas, &nothing, ("user/eve", "user/bob")).first().map(String::as_str),
        Some("bob unknown")
    );
}

#[test]
fn a_way_that_is_avoided_is_no_way_though_it_was_used() {
    let atlas = estate();
    let (one, top) = (arn("role/one"), arn("role/top"));
    let used =
        usage(&[], &[("user/ann", "sts:AssumeRole", &one, 10), ("role/one", "sts:AssumeRole", &top, 20)]);
    let ways = UsedWays::new(&atlas, &used).unwrap();
    let filter = atlas.avoiding(&["role/one".to_owned()]).unwrap();
    let (from, to) = (atlas.find("user/ann").unwrap(), atlas.find("admin").unwrap());
    assert_eq!(ways.ways(from, to, &filter, 5), Vec::new());
    let found = ways.ways(from, to, &Filter::default(), 5);
    assert_eq!(found.len(), 1);
    // The statements are those of the graph.
    let statement = "arn:aws:iam::111122223333:user/ann inline:own statement 1";
    assert!(found.iter().flat_map(|way| &way.hops).any(|hop| hop.statement.contains(&statement.to_owned())));
}

/// Workflows of GitHub come in as a subject, and a log names no more of them than the provider.
#[test]
fn of_those_for_whom_an_issuer_vouches_a_log_shows_the_only_one_that_a_role_lets_in() {
    let provider = arn("oidc-provider/token.actions.githubusercontent.com");
    let trust = |subject: &str| {
        format!(
            r#"[{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity",
            "Condition":{{"StringEquals":{{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub":{subject}}}}}}}]"#
        )
    };
    let (main, other) = ("repo:o/r:ref:refs/heads/main", "repo:o/s:ref:refs/heads/main");
    let rows = Rows::new()
        .trusting("one", &trust(&format!("\"{main}\"")), ASSUME)
        .trusting("both", &trust(&format!("[\"{main}\",\"{other}\"]")), ASSUME)
        .trusting("idle", &trust(&format!("\"{other}\"")), ASSUME);
    let atlas = atlas(rows.estate());
    let roles = ["role/one", "role/both", "role/idle"].map(arn);
    let all = |assumed: &[&str], from: &str| {
        let used: Vec<_> = assumed
            .iter()
            .map(|role| {
                (
                    "oidc-provider/token.actions.githubusercontent.com",
                    "sts:AssumeRoleWithWebIdentity",
                    *role,
                    7,
                )
            })
            .collect();
        let usage = usage(&["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"], &used);
        roles.each_ref().map(|role| ways(&atlas, &usage, (from, role)).first().cloned().unwrap_or_default())
    };
    let [main, other] = [main, other].map(|subject| subject.replace("repo:", "github:"));
    assert_eq!(all(&[&roles[0]], &main), ["one 7..12", "", ""]);
    assert_eq!(all(&[&roles[1]], &main), ["", "both unknown", ""]);
    assert_eq!(all(&[], &main), ["", "", ""]);
    assert_eq!(all(&[&roles[2]], &other), ["", "", "idle 7..12"]);
}
