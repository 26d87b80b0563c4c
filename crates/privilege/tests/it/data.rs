//! Who reaches which data: each edge is what the evaluation says of its pair.

use std::collections::BTreeSet;

use doorward_model::inventory::Origin;
use doorward_model::inventory::resource::Resource;
use doorward_privilege::analysis::{Cause, DataKind};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::estate::PrincipalId;
use doorward_privilege::graph::{Edge, Filter, NodeId};
use doorward_privilege::level::Level;
use doorward_privilege::questions::Can;
use proptest::prelude::*;

use crate::support::{ACCOUNT, Rows, atlas};

const OTHER: &str = "444455556666";

/// Rows with a resource, with a policy if there is one.
fn with(mut rows: Rows, (arn, kind): (&str, &str), policy: Option<&str>) -> Rows {
    rows.0.resources.push(Resource {
        id: arn.to_owned(),
        kind: kind.to_owned(),
        account: ACCOUNT.to_owned(),
        name: arn.rsplit([':', '/']).next().unwrap_or_default().to_owned(),
        ..Resource::default()
    });
    match policy {
        Some(policy) => {
            rows.held(arn, "resource", Origin::Resource).document(&format!("{arn} resource"), policy)
        }
        None => rows,
    }
}

/// Rows with a user of another account.
fn foreign(rows: Rows, name: &str, statements: &str) -> Rows {
    let id = format!("arn:aws:iam::{OTHER}:user/{name}");
    let mut rows = rows.identity(&id, name, &[]).inline(&id, statements);
    if let Some(one) = rows.0.identities.last_mut() {
        OTHER.clone_into(&mut one.account);
    }
    rows
}

/// What lies on one step from a node to another: levels, and whether they hold only if a condition does.
fn had(atlas: &Atlas, from: NodeId, to: NodeId) -> BTreeSet<(Level, bool)> {
    let graph = &atlas.analysis.graph;
    let mut had = BTreeSet::new();
    for edge in graph.edges_from(from) {
        let Some(Cause::Can(level, _)) = atlas.analysis.cause(edge.id) else { continue };
        assert_eq!(level, edge.level);
        let mut open = vec![edge.to];
        while let Some(at) = open.pop() {
            if at == to {
                had.insert((level, edge.only_if));
            }
            let is_passage = graph.node(at).is_some_and(|node| node.passage);
            open.extend(graph.edges_from(at).filter(|_| is_passage).map(|edge| edge.to));
        }
    }
    had
}

/// What the evaluation says of all that gives a level over a resource of a kind.
fn said(atlas: &Atlas, id: PrincipalId, resource: &Resource) -> BTreeSet<(Level, bool)> {
    let kind = DataKind::of(&resource.kind).unwrap();
    let (mut certain, mut only_if) = (None, None);
    for uses in kind.uses {
        for permission in uses.permissions {
            let Some(answer) = atlas.can(id, permission, &kind.asked(&resource.id, uses.on)) else {
                continue;
            };
            match answer.answer {
                Can::Allow => certain = certain.max(Some(uses.level)),
                // On some of what a bucket holds, and nothing else is asked for.
                Can::OnlyIf if answer.only_if.is_empty() => certain = certain.max(Some(uses.level)),
                Can::OnlyIf => only_if = only_if.max(Some(uses.level)),
                _ => {}
            }
        }
    }
    let only_if = only_if.filter(|level| Some(*level) > certain);
    certain.map(|level| (level, false)).into_iter().chain(only_if.map(|level| (level, true))).collect()
}

const BUCKETS: [&str; 6] = ["a", "ab", "ab-c", "b", "logs", "logs-2"];

fn resources() -> Vec<(String, &'static str)> {
    let arn =
        |service: &str, region: &str, name: &str| format!("arn:aws:{service}:{region}:{ACCOUNT}:{name}");
    let buckets = BUCKETS.map(|name| (format!("arn:aws:s3:::{name}"), "s3:bucket"));
    let others = [
        (arn("sqs", "us-east-1", "a"), "sqs:queue"),
        (arn("sqs", "us-east-1", "ab"), "sqs:queue"),
        (arn("sqs", "eu-west-1", "ab"), "sqs:queue"),
        (arn("sqs", "eu-west-1", "b"), "sqs:queue"),
        (arn("kms", "us-east-1", "key/1"), "kms:key"),
        (arn("kms", "us-east-1", "key/2"), "kms:key"),
        (arn("logs", "us-east-1", "log-group:/a"), "logs:log-group"),
        (arn("logs", "us-east-1", "log-group:/ab"), "logs:log-group"),
    ];
    buckets.into_iter().chain(others).collect()
}

fn permission() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => Just("s3:GetObject"),
        1 => Just("s3:*"),
        1 => Just("s3:ListBucket"),
        1 => Just("s3:PutBucketPolicy"),
        1 => Just("s3:Put*"),
        2 => Just("sqs:ReceiveMessage"),
        1 => Just("sqs:*"),
        1 => Just("kms:Decrypt"),
        1 => Just("kms:*"),
        1 => Just("logs:FilterLogEvents"),
        1 => Just("*"),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        1 => Just("arn:aws:s3:::*".to_owned()),
        1 => Just("arn:aws:s3:::*/*".to_owned()),
        1 => Just("arn:aws:s3:::a*".to_owned()),
        1 => Just("arn:aws:s3:::ab".to_owned()),
        1 => Just("arn:aws:s3:::ab/*".to_owned()),
        1 => Just("arn:aws:s3:::logs/in/*".to_owned()),
        1 => Just("arn:aws:s3:::${aws:username}/*".to_owned()),
        1 => Just("arn:aws:s3:::l?gs-?".to_owned()),
        1 => Just("arn:*:s3:::*b/x".to_owned()),
        1 => Just(format!("arn:aws:sqs:*:{ACCOUNT}:ab")),
        1 => Just(format!("arn:aws:sqs:eu-*:{ACCOUNT}:a*")),
        1 => Just("arn:aws:sqs:*:*:?".to_owned()),
        1 => Just(format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/1")),
        1 => Just(format!("arn:aws:logs:*:{ACCOUNT}:log-group:/a:*")),
        1 => Just(format!("arn:aws:logs:*:{ACCOUNT}:log-group:/a*")),
        1 => Just("arn:aws:sqs".to_owned()),
    ]
}

fn condition() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        5 => Just(""),
        1 => Just(r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#),
        1 => Just(r#","Condition":{"Bool":{"aws:SecureTransport":"false"}}"#),
        1 => Just(r#","Condition":{"StringEquals":{"aws:ResourceTag/team":"x"}}"#),
        1 => Just(r#","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/a*"}}"#),
        1 => Just(r#","Condition":{"ArnLike":{"aws:ResourceArn":"arn:aws:s3:::a*"}}"#),
    ]
}

fn effect() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("Allow"), 1 => Just("Deny")]
}

/// Statements of an identity.
fn own() -> impl Strategy<Value = String> {
    let element = prop_oneof![6 => Just("Resource"), 1 => Just("NotResource")];
    let one = (effect(), permission(), element, pattern(), condition()).prop_map(
        |(effect, permission, element, pattern, condition)| {
            format!(r#"{{"Effect":"{effect}","Action":"{permission}","{element}":"{pattern}"{condition}}}"#)
        },
    );
    prop::collection::vec(one, 1..4).prop_map(|all| format!("[{}]", all.join(",")))
}

/// Statements of a resource, in which `{}` stands for its ARN.
fn guarding() -> impl Strategy<Value = String> {
    let element = prop_oneof![5 => Just("Principal"), 1 => Just("NotPrincipal")];
    let principal = prop_oneof![
        2 => Just(r#""*""#.to_owned()),
        2 => Just(format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}}"#)),
        2 => Just(format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:user/a"}}"#)),
        1 => Just(format!(r#"{{"AWS":["arn:aws:iam::{ACCOUNT}:role/r","arn:aws:iam::{OTHER}:user/f"]}}"#)),
        1 => Just(format!(r#"{{"AWS":"arn:aws:sts::{ACCOUNT}:assumed-role/r/session"}}"#)),
        2 => Just(format!(r#"{{"AWS":"arn:aws:iam::{OTHER}:root"}}"#)),
        1 => Just(r#"{"Service":"config.amazonaws.com"}"#.to_owned()),
    ];
    let resource = prop_oneof![Just("{}"), Just("{}*"), Just("*"), Just("{}/*")];
    let one = (effect(), element, principal, permission(), resource, condition()).prop_map(
        |(effect, element, principal, permission, resource, condition)| {
            format!(
                r#"{{"Effect":"{effect}","{element}":{principal},"Action":"{permission}","Resource":"{resource}"{condition}}}"#
            )
        },
    );
    prop::collection::vec(one, 1..4).prop_map(|all| format!("[{}]", all.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn each_edge_to_data_is_what_the_evaluation_says_of_its_pair(
        users in prop::collection::vec(own(), 2),
        role in own(),
        stranger in own(),
        limit in prop::option::of(own()),
        policies in prop::collection::vec(guarding(), 2),
        guarded in prop::collection::vec(prop::option::weighted(0.5, 0usize..2), 14),
        tagged in prop::collection::vec(any::<bool>(), 14),
    ) {
        let mut rows = Rows::new();
        for (name, own) in ["a", "ab"].iter().zip(&users) {
            rows = rows.user(name, own);
        }
        rows = rows.role("r", r#"{"Service":"lambda.amazonaws.com"}"#, &role);
        rows = foreign(rows, "f", &stranger);
        if let Some(limit) = &limit {
            let boundary = format!("arn:aws:iam::{ACCOUNT}:policy/limit");
            let holder = format!("arn:aws:iam::{ACCOUNT}:user/a");
            rows = rows.held(&holder, &boundary, Origin::Boundary).document(&boundary, limit);
        }
        for (((arn, kind), guard), tagged) in resources().iter().zip(&guarded).zip(&tagged) {
            let policy = guard.and_then(|at| policies.get(at)).map(|policy| policy.replace("{}", arn));
            rows = with(rows, (arn, kind), policy.as_deref());
            if let Some(resource) = rows.0.resources.last_mut().filter(|_| *tagged) {
                resource.tags.insert("team".to_owned(), "x".to_owned());
            }
        }
        let atlas = atlas(rows.estate());
        for (id, principal) in atlas.estate.principals() {
            for (place, resource) in atlas.estate.resources() {
                let own = atlas.estate.account(principal.account).is_some_and(|own| *own.id == resource.account);
                let administers = atlas.analysis.graph.edges_from(NodeId(id.0)).any(|edge| {
                    atlas.analysis.cause(edge.id) == Some(Cause::Administers) && !edge.only_if
                });
                if own && administers {
                    continue;
                }
                let node = atlas.analysis.resource(place);
                prop_assert_eq!(
                    had(&atlas, NodeId(id.0), node), said(&atlas, id, resource),
                    "{} on {}", principal.arn(), &resource.id
                );
            }
        }
    }
}

/// What a principal has over a resource, with the statements by which it has it.
fn explained(atlas: &Atlas, from: &str, to: &str) -> Vec<String> {
    let ways = atlas.ways(atlas.find(from).unwrap(), atlas.find(to).unwrap(), &Filter::default(), 3);
    let hops = ways.into_iter().flat_map(|way| way.hops);
    hops.map(|hop| {
        let only_if = hop.only_if.iter().map(|one| format!(" only if {one}")).collect::<String>();
        format!("{} {}: {}{only_if}", hop.edge.from, hop.edge.method, hop.statement.join(", "))
    })
    .collect()
}

fn bucket(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

#[test]
fn a_public_bucket_is_read_from_outside_and_a_restricted_one_is_not() {
    let everybody = |name: &str| {
        format!(
            r#"[{{"Sid":"All","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{name}/*"}}]"#
        )
    };
    let mut rows = Rows::new().user("a", r#"[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]"#);
    for name in ["open", "shut"] {
        rows = with(rows, (&bucket(name), "s3:bucket"), Some(&everybody(name)));
    }
    if let Some(shut) = rows.0.resources.last_mut() {
        shut.attributes.insert("restrict_public_buckets".to_owned(), "true".to_owned());
    }
    let atlas = atlas(rows.estate());
    let open = "arn:aws:s3:::open resource statement 1 (All)";
    assert_eq!(explained(&atlas, "*", "arn:aws:s3:::open"), [format!("* can-read: {open}")]);
    assert_eq!(explained(&atlas, "*", "arn:aws:s3:::shut"), Vec::<String>::new());
    // Everybody is everybody of the own account, too.
    let own = format!("arn:aws:iam::{ACCOUNT}:user/a");
    assert_eq!(explained(&atlas, &own, "arn:aws:s3:::open"), [format!("{own} can-read: {open}")]);
}

#[test]
fn another_account_is_let_in_by_the_resource_and_must_be_allowed_at_home() {
    let policy = |principal: &str| {
        format!(
            r#"[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["kms:Decrypt","kms:PutKeyPolicy"],"Resource":"*","Condition":{{"StringEquals":{{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}}}}]"#
        )
    };
    let key = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/1");
    let other = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/2");
    let rows = Rows::new().user("a", r#"[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]"#);
    let rows = foreign(rows, "may", r#"[{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]"#);
    let rows = foreign(rows, "not", r#"[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]"#);
    let rows = with(rows, (&key, "kms:key"), Some(&policy(&format!("arn:aws:iam::{OTHER}:root"))));
    let rows = with(rows, (&other, "kms:key"), Some(&policy("arn:aws:iam::999988887777:role/x")));
    let atlas = atlas(rows.estate());
    let reaches = |from: &str, to: &str| {
        atlas.ways(atlas.find(from).unwrap(), atlas.find(to).unwrap(), &Filter::default(), 1).len()
    };
    let may = format!("arn:aws:iam::{OTHER}:user/may");
    let condition = "StringEquals kms:ViaService s3.us-east-1.amazonaws.com";
    let told = explained(&atlas, &may, &key);
    assert_eq!(
        told,
        [format!(
            "{may} can-read: {may} inline:own statement 1, {key} resource statement 1 only if {condition}"
        )]
    );
    // Who is not allowed at home, whom the key does not let in, and another key.
    assert_eq!([reaches("user/not", &key), reaches("user/a", &key), reaches(&may, &other)], [0, 0, 0]);
    let stranger = "arn:aws:iam::999988887777:role/x";
    assert_eq!(
        explained(&atlas, stranger, &other),
        [format!("{stranger} can-control: {other} resource statement 1 only if {condition}")]
    );
}

#[test]
fn one_edge_leads_to_all_but_one_of_many_buckets_by_halves() {
    let statements = r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},
        {"Effect":"Deny","Action":"s3:*","Resource":["arn:aws:s3:::bucket-37","arn:aws:s3:::bucket-37/*"]},
        {"Effect":"Allow","Action":"s3:PutBucketPolicy","Resource":"arn:aws:s3:::bucket-07"}]"#;
    let mut rows = Rows::new();
    for number in 0..20 {
        rows = rows.user(&format!("user-{number}"), statements);
    }
    for number in 0..64 {
        rows = with(rows, (&bucket(&format!("bucket-{number:02}")), "s3:bucket"), None);
    }
    let atlas = atlas(rows.estate());
    let graph = &atlas.analysis.graph;
    let own = atlas.find("user/user-3").unwrap();
    let mut levels = Vec::new();
    for number in 0..64 {
        let to = atlas.find(&bucket(&format!("bucket-{number:02}"))).unwrap();
        levels.push(had(&atlas, own, to).into_iter().map(|(level, _)| level).max());
    }
    let expected = |number| match number {
        7 => Some(Level::Control),
        37 => None,
        _ => Some(Level::Read),
    };
    assert_eq!(levels, (0..64).map(expected).collect::<Vec<_>>());
    // Of 64, two told apart: some halves of halves each, and single ones where these come to fewer than nine.
    let to_data = |edge: &Edge| matches!(atlas.analysis.cause(edge.id), Some(Cause::Can(..)));
    let each = graph.edges_from(own).filter(to_data).count();
    assert_eq!((each, graph.edges().filter(to_data).count()), (11, 20 * 11));
}

#[test]
fn what_is_tagged_sensitive_weighs_ten_times_and_a_condition_counts_half() {
    let statements = r#"[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::plain/*"},
        {"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::sensitive/*",
         "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]"#;
    let mut rows = Rows::new()
        .user("a", statements)
        .user("b", r#"[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]"#);
    for name in ["plain", "sensitive", "tfstate"] {
        rows = with(rows, (&bucket(name), "s3:bucket"), None);
    }
    for (resource, value) in rows.0.resources.iter_mut().zip(["Internal", "Confidential", "internal"]) {
        resource.tags.insert("Data-Classification".to_owned(), value.to_owned());
    }
    let atlas = atlas(rows.estate());
    let radius = atlas.rating.radius(atlas.find("user/a").unwrap());
    // Read of 1, and half of write of 10; of 80 eightieths each for user b, plain, sensitive and tfstate.
    assert_eq!((radius.numerator, radius.whole), (32 + 10 * 24, 80 * (1 + 1 + 10 + 100)));
    let top = atlas.reached(atlas.find("user/a").unwrap(), &Filter::default(), None);
    let top: Vec<(&str, &str, u8, u32, usize)> =
        top.iter().map(|one| (&*one.to, &*one.level, one.conditions, one.weight, one.path.len())).collect();
    assert_eq!(top, [("arn:aws:s3:::sensitive", "write", 1, 10, 1), ("arn:aws:s3:::plain", "read", 0, 1, 1)]);
    assert_eq!(atlas.rating.chokes.exposed, 0, "who only reads and writes data does not control it");
}
