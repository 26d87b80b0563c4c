//! Questions about privilege: what is answered is as described, and as fresh as was asked for.

use std::sync::Arc;

use doorward_intake::{Item, Limits, Reader};
use doorward_model::id::FactNumber;
use doorward_model::time::Time;
use doorward_policy::world::{Privilege, World};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::derived::Derived;
use doorward_privilege::escalation::Rules;
use doorward_privilege::estate::Builder;
use doorward_privilege::rating::TierZero;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, Setup};

/// Who may do everything, whoever may pass its role to a function, and somebody whose policy cannot be read.
fn export() -> Value {
    let policy = |action: Value, version: &str| json!({"Version": version, "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    let user = |name: &str, document: Value| {
        json!({
            "UserName": name, "UserId": format!("AIDA{name}"), "Path": "/",
            "Arn": format!("arn:aws:iam::111122223333:user/{name}"), "CreateDate": "2026-01-01T00:00:00Z",
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
        })
    };
    let passes = json!(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]);
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]});
    json!({
        "UserDetailList": [
            user("ann", policy(passes, "2012-10-17")),
            user("bob", policy(json!("s3:GetObject"), "2030-01-01")),
            user("eve", policy(json!(["iam:PassRole", "ec2:RunInstances"]), "2012-10-17")),
        ],
        "RoleDetailList": [{
            "RoleName": "app", "RoleId": "AROAapp", "Path": "/", "Arn": "arn:aws:iam::111122223333:role/app",
            "CreateDate": "2026-01-01T00:00:00Z", "AssumeRolePolicyDocument": trust,
            "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": policy(json!("*"), "2012-10-17")}],
        }],
        "GroupDetailList": [], "Policies": [],
    })
}

fn derived(fact: FactNumber) -> Derived {
    let mut builder = Builder::default();
    let mut take = |item| match item {
        Item::Export(export) => builder.add(*export),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("test", Limits::default());
    reader.push(export().to_string().as_bytes(), &mut take);
    reader.finish(&mut take);
    let as_of = Time::parse("2026-01-01T00:00:00Z").unwrap();
    let atlas = Atlas::new(builder.build(), Rules::shipped().unwrap(), as_of, &TierZero::Default).unwrap();
    Derived { atlas, fact, derived_at: as_of }
}

/// Has a server know what could be done as of a fact, where the inventory was changed last by another.
fn know(server: &Server, derived: Option<Derived>, changed: FactNumber) {
    let mut world = World::clone(&server.handle.world.load());
    world.privilege = Privilege { derived: derived.map(Arc::new), changed };
    server.handle.world.store(Arc::new(world));
}

#[tokio::test]
async fn every_answer_is_as_described() {
    let server = Server::start(Setup::default()).await;
    let fact = server.handle.world.load().snapshot.fact_number;
    know(&server, Some(derived(fact)), fact);
    let mut counts = Vec::new();
    for (path, list) in [
        ("/v1/privilege", "principals"),
        ("/v1/privilege/choke-points", "items"),
        ("/v1/privilege/paths?from=ann", "items"),
        ("/v1/privilege/graph", "graph"),
        ("/v1/privilege/picture?from=ann", ""),
        ("/v1/who-can?permission=s3:GetObject", "items"),
        ("/v1/identities/bob/can?permission=s3:GetObject", "statement"),
        ("/v1/identities/ann/reach", "items"),
        ("/v1/status", "accounts"),
    ] {
        // It is held against the description as it comes.
        let answer = server.get(path, "eye").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let tag = answer.header("etag").to_owned();
        if !tag.is_empty() {
            let again = server.with_token(Method::GET, path, "eye").header("if-none-match", tag);
            assert_eq!(server.send(again, "").await.status, StatusCode::NOT_MODIFIED, "{path}");
        }
        let found = (!list.is_empty()).then(|| answer.json()[list].as_array().map_or(0, Vec::len));
        counts.push(found);
    }
    assert_eq!(counts, [Some(4), Some(0), Some(1), Some(0), None, Some(2), Some(1), Some(4), Some(0)]);
    let nobody = server.get("/v1/identities/nobody/reach", "eye").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let drawn = server
        .with_token(Method::GET, "/v1/privilege/paths?from=ann", "eye")
        .header("accept", "image/svg+xml");
    assert!(server.send(drawn, "").await.body.starts_with(b"<svg"));
    server.stop().await;
}

#[tokio::test]
async fn an_answer_has_seen_what_was_asked_for_or_there_is_none() {
    let server = Server::start(Setup::default()).await;
    let last = server.handle.world.load().snapshot.fact_number;
    let ask = async |least: u64| {
        let request = server.with_token(Method::GET, "/v1/privilege", "eye");
        let answer = server.send(request.header("doorward-min-fact", least.to_string()), "").await;
        let told = answer.json();
        let said =
            told["detail"].as_str().unwrap_or_default().split(':').next().unwrap_or_default().to_owned();
        (answer.status.as_u16(), told["seen"].as_u64(), said)
    };
    let waits = (503, None, "privilege is being derived from the inventory".to_owned());
    assert_eq!(ask(0).await, (409, None, "no inventory is known".to_owned()));
    know(&server, None, last);
    assert_eq!(ask(0).await, waits);
    // The inventory was changed by the last fact, and what was derived has not seen it.
    let before = FactNumber(last.0 - 1);
    know(&server, Some(derived(before)), last);
    assert_eq!(ask(before.0).await, (200, Some(before.0), String::new()));
    assert_eq!(ask(last.0).await, waits);
    // What has seen the last change has seen all that concerns it.
    know(&server, Some(derived(before)), before);
    assert_eq!(ask(last.0).await, (200, Some(before.0), String::new()));
    server.handle.metrics.deriving.fail("too large".to_owned());
    know(&server, None, last);
    assert_eq!(ask(0).await, (503, None, "privilege cannot be derived from the inventory".to_owned()));
    server.stop().await;
}
