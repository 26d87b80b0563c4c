//! Questions and commands of the admin API.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::ingest::{push, record};
use crate::support::{Answer, Server, Setup, example, now};

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn put(server: &Server, path: &str, body: &Value) -> Answer {
    let request = server.with_token(Method::PUT, path, "root").header("content-type", "application/json");
    server.send(request, body.to_string()).await
}

async fn with_events() -> Server {
    let server = Server::start(Setup::default()).await;
    let lines: Vec<_> = (0..5)
        .map(|at| record(&format!("e-{at}"), now(), ["GetObject", "ListBuckets"][at % 2]).to_string())
        .collect();
    let answer = push(&server, lines.join("\n")).await;
    assert_eq!(answer.json()["accepted"], json!(5));
    server
}

const ROLE: &str = "arn:aws:iam::111122223333:role/deploy";

#[tokio::test]
async fn whatever_an_analyst_has_in_hand_leads_to_the_identity() {
    let server = with_events().await;
    let mut found = Vec::new();
    for asked in [
        ROLE,
        "arn:aws:sts::111122223333:assumed-role/deploy/build-7",
        "ASIAEXAMPLEKEY123456",
        "AROAEXAMPLEROLEID12345",
        "AROAEXAMPLEROLEID12345:build-7",
        "build-7",
        "deploy",
        "198.51.100.7",
        "req-e-3",
        "nobody@example.com",
        "AIDAEXAMPLENOBODY12345",
    ] {
        let who = server.get(&format!("/v1/who?q={}", asked.replace(':', "%3A")), "eye").await.json();
        let named =
            who["identities"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned());
        let named: Vec<_> = named.collect();
        found.push((
            who["taken_for"].as_str().unwrap().to_owned(),
            named,
            who["events"].as_array().unwrap().len(),
        ));
    }
    let row = |taken: &str, named: &[&str], events: usize| {
        (taken.to_owned(), named.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(), events)
    };
    let expected = [
        row("ARN", &[ROLE], 5),
        row("session ARN", &[ROLE], 5),
        row("access key id", &[ROLE], 5),
        row("unique id", &[ROLE], 5),
        row("unique id", &[ROLE], 5),
        row("name", &[ROLE], 5),
        row("name", &[ROLE], 5),
        row("address", &[ROLE], 5),
        row("name", &[ROLE], 1),
        row("e-mail address", &[], 0),
        row("unique id", &[], 0),
    ];
    assert_eq!(found, expected);
    server.stop().await;
}

#[tokio::test]
async fn events_come_newest_first_page_by_page_each_once() {
    let server = with_events().await;
    let mut path = "/v1/events?limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = server.get(&path, "eye").await.json();
        pages.push(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/events?limit=2&cursor={cursor}");
    }
    let all: Vec<_> = pages.concat();
    assert_eq!(all, ["e-4", "e-3", "e-2", "e-1", "e-0"]);
    assert!(pages.iter().all(|page| page.len() <= 2), "{pages:?}");
    let count =
        async |query: &str| ids(&server.get(&format!("/v1/events?{query}"), "eye").await.json()).len();
    let counts = [
        count(&format!("identity={ROLE}")).await,
        count("identity=other").await,
        count("session=build-7&ip=198.51.100.7").await,
        count("key=ASIAEXAMPLEKEY123456").await,
        count("key=ASIAOTHER&key=ASIAEXAMPLEKEY123456").await,
        count("since=2000-01-01T00:00:00Z").await,
        count("until=2000-01-01T00:00:00Z").await,
        count("since=2100-01-01T00:00:00Z").await,
    ];
    assert_eq!(counts, [5, 0, 5, 5, 0, 5, 0, 0]);
    server.stop().await;
}

#[tokio::test]
async fn identities_are_filtered_paged_and_shown() {
    let server = with_events().await;
    let page = server.get("/v1/identities?platform=aws&q=DEPLOY", "eye").await.json();
    assert_eq!(ids(&page), [ROLE]);
    let shown = server.get(&format!("/v1/identities/{ROLE}"), "eye").await;
    assert_eq!(
        (&shown.json()["events"], &shown.json()["risk"]),
        (&json!(5), &json!({"score": 0, "level": "NONE"}))
    );
    let request = server.with_token(Method::GET, &format!("/v1/identities/{ROLE}"), "eye");
    let again = server.send(request.header("if-none-match", shown.header("etag")), "").await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let mut problems = Vec::new();
    for path in [
        "identities/nobody",
        "identities?colour=red",
        "identities?kind=cat",
        "holds?limit=0",
        "holds?cursor=xyz",
        "events?since=yesterday",
        "events?cursor=1",
        "who",
        "who?q=",
        "holds?state=x",
    ] {
        let answer = server.get(&format!("/v1/{path}"), "eye").await;
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        problems.push((answer.status.as_u16(), answer.json()["detail"].as_str().unwrap().to_owned()));
    }
    let codes: Vec<_> = problems.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [404, 400, 400, 400, 400, 400, 400, 400, 400, 400]);
    assert_eq!(problems[0].1, r#"no identity by the id "nobody" is known"#);
    assert_eq!(
        problems[1].1,
        r#"cannot filter by "colour", expected one of kind, platform, account, peer_group, q"#
    );
    server.stop().await;
}

#[tokio::test]
async fn a_hold_says_where_it_bites() {
    let server = Server::start(Setup::default()).await;
    let hold = json!({"subject": "alice", "profile": "deny", "reason": "test"});
    let placed = server.post("/v1/holds", "root", &hold).await.json();
    assert_eq!(
        placed["bites"],
        json!("Nowhere: no enforcement point has asked about it in the last 7 days.")
    );
    let question = json!({"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}});
    server.evaluate(&question).await;
    let path = format!("/v1/holds/{}", placed["id"].as_str().unwrap());
    let shown = server.get(&path, "eye").await.json();
    let said = (&shown["bites_at"], &shown["bites"], &shown["in_force"]);
    assert_eq!(
        said,
        (&json!(["loopback"]), &json!("At loopback, asked about it in the last 7 days."), &json!(true))
    );
    assert_eq!(ids(&server.get("/v1/holds?profile=deny", "eye").await.json()).len(), 1);
    assert_eq!(ids(&server.get("/v1/holds?profile=step-up", "eye").await.json()).len(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_command_under_one_key_is_carried_out_once() {
    let server = Server::start(Setup::default()).await;
    let send = async |key: &str, body: Value| {
        let request =
            server.with_token(Method::POST, "/v1/holds", "root").header("content-type", "application/json");
        server.send(request.header("idempotency-key", key), body.to_string()).await
    };
    let hold = json!({"subject": "alice", "profile": "deny", "reason": "test", "ttl_s": 60});
    let (first, second) = (send("k-1", hold.clone()).await.json(), send("k-1", hold.clone()).await.json());
    assert_eq!(first["id"], second["id"]);
    let other = send("k-1", json!({"subject": "bob", "profile": "deny", "reason": "test"})).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_ne!(send("k-2", hold).await.json()["id"], first["id"]);
    assert_eq!(ids(&server.get("/v1/holds", "eye").await.json()).len(), 2);
    let issue = async || {
        let request =
            server.with_token(Method::POST, "/v1/tokens", "root").header("content-type", "application/json");
        let body = json!({"name": "t", "scopes": ["read"]}).to_string();
        server.send(request.header("idempotency-key", "t-1"), body).await.status
    };
    assert_eq!([issue().await, issue().await], [StatusCode::CREATED, StatusCode::CONFLICT]);
    server.stop().await;
}

/// What asks for a hold, with members that replace or join the usual ones.
fn hold(members: &Value) -> Value {
    let mut hold = json!({"subject": "alice", "profile": "deny", "reason": "r"});
    hold.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    hold
}

#[tokio::test]
async fn what_cannot_be_commanded_is_a_problem() {
    let server = Server::start(Setup::default()).await;
    let past = "2020-01-01T00:00:00Z";
    let profiles = "profile is none of deny, read-only, baseline-only, step-up, no-delegation";
    for (path, body, status, said) in [
        ("/v1/holds", json!({"subject": "alice", "profile": "deny"}), 400, "missing field `reason`"),
        ("/v1/holds", hold(&json!({"reason": " "})), 400, "subject and reason must not be empty"),
        ("/v1/holds", hold(&json!({"subject": ""})), 400, "subject and reason must not be empty"),
        ("/v1/holds", hold(&json!({"profile": "jail"})), 400, profiles),
        (
            "/v1/holds",
            hold(&json!({"scope": "robot"})),
            400,
            "scope is none of identity, session, credential, task, tool",
        ),
        ("/v1/holds", hold(&json!({"colour": 1})), 400, "unknown field `colour`"),
        (
            "/v1/holds",
            hold(&json!({"expires_at": past, "ttl_s": 1})),
            400,
            "give expires_at or ttl_s, not both",
        ),
        (
            "/v1/holds",
            hold(&json!({"expires_at": past})),
            422,
            "hold would end at 2020-01-01T00:00:00Z, which has passed",
        ),
        ("/v1/holds/none/release", json!({"reason": "r"}), 404, "no hold by the id \"none\" is known"),
        ("/v1/holds/none/release", json!({"reason": " "}), 400, "reason must not be empty"),
        ("/v1/tokens", json!({"name": "x", "scopes": ["write"]}), 400, "cannot read \"write\" as a scope"),
        ("/v1/tokens", json!({"name": "x", "scopes": []}), 400, "a token with 0 scopes, expected 1 to 32"),
        (
            "/v1/tokens",
            json!({"name": "loopback", "scopes": ["decide"]}),
            400,
            "that name stands for callers without one",
        ),
        (
            "/v1/policy",
            json!({"files": {"a.txt": "x"}, "mode": "enforce"}),
            422,
            "a.txt:0: expected a file named *.cedar",
        ),
        ("/v1/policy", json!({"files": {}, "mode": "strict"}), 400, "mode is none of"),
        ("/v1/imports", json!({"a": 1}), 422, "nothing was taken in: not an audit record that is known"),
    ] {
        let answer = server.post(path, "root", &body).await;
        let told = answer.json();
        let text = format!(
            "{} {}",
            told["detail"].as_str().unwrap(),
            told["errors"][0].as_str().unwrap_or_default()
        );
        let found = (answer.status.as_u16(), answer.header("content-type"), text.contains(said));
        assert_eq!(found, (status, "application/problem+json", true), "{path} {body}: {text}");
    }
    let holds = server.get("/v1/holds", "eye").await.json();
    assert_eq!(holds["items"], json!([]), "nothing was done");
    server.stop().await;
}

/// A token that was pasted into the wrong place is kept nowhere; nor is anything read that does not say it is JSON, as a
/// form of a page elsewhere would not.
#[tokio::test]
async fn what_is_pasted_into_a_wrong_place_or_sent_as_something_else_is_not_taken() {
    let server = Server::start(Setup::default()).await;
    let token = &server.tokens["eye"];
    for (path, body) in [
        ("/v1/holds", hold(&json!({"reason": token}))),
        ("/v1/holds", hold(&json!({"subject": format!("it is {token}.")}))),
        ("/v1/kills", json!({"identity": token, "reason": "r"})),
    ] {
        let answer = server.post(path, "root", &body).await;
        let told = answer.json();
        let detail = told["detail"].as_str().unwrap_or_default();
        let said = "a whole token stands where a name belongs";
        let is_refused = answer.status == StatusCode::BAD_REQUEST && detail.starts_with(said);
        assert!(is_refused, "{path} with a token in it: {} {told}", answer.status);
    }
    let request = server.with_token(Method::POST, "/v1/holds", "root").header("content-type", "text/plain");
    let answer = server.send(request, hold(&json!({})).to_string()).await;
    let detail = answer.json()["detail"].clone();
    let said = json!("the content type is not application/json");
    assert_eq!((answer.status.as_u16(), detail), (415, said), "a command as text/plain");
    let holds = server.get("/v1/holds", "eye").await.json();
    assert_eq!(holds["items"], json!([]), "nothing was done");
    server.stop().await;
}

#[tokio::test]
async fn a_mode_and_a_policy_set_decide_from_the_next_question_on() {
    let server = Server::start(Setup::default()).await;
    let question = json!({"subject": {"type": "user", "id": "bob"}, "action": {"name": "write"},
        "resource": {"type": "record", "id": "record-1"}});
    assert_eq!(server.evaluate(&question).await["decision"], json!(false));
    assert_eq!(put(&server, "/v1/peps/loopback", &json!({"mode": "learn"})).await.status, StatusCode::OK);
    assert_eq!(server.evaluate(&question).await["decision"], json!(true));
    assert_eq!(put(&server, "/v1/peps/loopback", &json!({"mode": "enforce"})).await.status, StatusCode::OK);
    let mut files = example("authzen-certification");
    let cut = json!({"files": {"schema.cedarschema": files["schema.cedarschema"], "bad.cedar": "permit (principal"}, "mode": "enforce"});
    let refused = server.post("/v1/policy", "root", &cut).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let error = refused.json()["errors"][0].as_str().unwrap().to_owned();
    assert!(error.starts_with("bad.cedar:1: "), "{error}");
    let mut circle = files.clone();
    let entities =
        "entities:\n  - {type: user, id: a, parents: [b]}\n  - {type: user, id: b, parents: [a]}\n";
    circle.insert("circle.yaml".to_owned(), entities.to_owned());
    let refused = server.post("/v1/policy", "root", &json!({"files": circle, "mode": "enforce"})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let error = "circle.yaml:3: user::\"b\" would be a member of itself through user::\"a\"";
    assert_eq!(refused.json()["errors"], json!([error]));
    assert_eq!(server.evaluate(&question).await["decision"], json!(false));
    files.insert("all.cedar".to_owned(), "permit (principal, action, resource);".to_owned());
    files.retain(|name, _| name != "records.cedar");
    let published = server.post("/v1/policy", "root", &json!({"files": files, "mode": "enforce"})).await;
    assert_eq!(published.status, StatusCode::OK, "{:?}", published.body);
    let published = published.json();
    let message = "every request evaluates it: it names no principal, action, resource or first attribute";
    assert_eq!(
        (&published["policies"], &published["candidates"], &published["warnings"]),
        (
            &json!(1),
            &json!({"typical": 1, "most": 1,
                "dearest": {"principal": "user", "action": "delete", "resource": "record"}}),
            &json!([{"policy": "all.cedar#0", "kind": "always", "message": message}])
        )
    );
    assert_eq!(server.evaluate(&question).await["decision"], json!(true));
    let shown = server.get("/v1/policy", "eye").await.json();
    assert_eq!(
        (&shown["files"]["all.cedar"], &shown["by"]),
        (&json!("permit (principal, action, resource);"), &json!("root"))
    );
    server.stop().await;
}

#[tokio::test]
async fn an_explanation_names_every_policy_and_lets_nobody_pass() {
    let server = Server::start(Setup::default()).await;
    let question = json!({"subject": {"type": "user", "id": "bob"}, "action": {"name": "write"},
        "resource": {"type": "record", "id": "record-1"}});
    let hold = json!({"subject": "bob", "profile": "step-up", "reason": "a drill", "acr_values": ["phr"]});
    let placed = server.post("/v1/holds", "root", &hold).await.json();
    let seen = server.get("/v1/holds", "eye").await.json()["seen"].clone();
    let explained = server.post("/v1/decide/explain?pep=loopback", "eye", &question).await.json();
    assert_eq!(
        explained,
        json!({
            "answer": {"decision": false, "context": {
                "effect": "deny", "reasons": ["no-permit"],
                "reason_admin": {"no-permit": "no policy permits it"},
                "reason_user": {"no-permit": "You are not allowed to do this now."},
                "identity": "bob", "mode": "enforce", "seen": seen,
            }},
            "risk_score": 0, "risk_level": "NONE", "risk_max": 100,
            "holds": [{"id": placed["id"], "profile": "step-up", "scope": "identity", "subject": "bob",
                "reason": "a drill", "expires_at": null, "pending": false}],
            "candidates": [{"policy": "admins-write-what-is-archived", "effect": "permit", "holds": false}],
        })
    );
    // Nothing is recorded of it.
    let events = server.get("/v1/events?identity=bob", "eye").await.json();
    assert_eq!(events["items"], json!([]));
    server.evaluate(&question).await;
    assert_eq!(ids(&server.get("/v1/events?identity=bob", "eye").await.json()).len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_hold_on_a_session_bites_where_its_identity_is_asked_about() {
    let server = Server::start(Setup::default()).await;
    let question = json!({"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}, "context": {"doorward": {"session": "s-1", "task": "t-1", "tool": "mail.send"}}});
    server.evaluate(&question).await;
    let mut bites = Vec::new();
    let subjects = [
        ("session", "s-1"),
        ("session", "s-2"),
        ("credential", "k-1"),
        ("task", "t-1"),
        ("task", "t-2"),
        ("tool", "mail.send"),
        ("tool", "mail.read"),
    ];
    for (scope, subject) in subjects {
        let hold = json!({"scope": scope, "subject": subject, "profile": "step-up", "reason": "test"});
        let placed = server.post("/v1/holds", "root", &hold).await;
        assert_eq!(placed.status, StatusCode::CREATED);
        let row = placed.json();
        bites.push((row["bites_at"].clone(), row["bites"].as_str().unwrap().to_owned()));
    }
    let expected = [
        (json!(["loopback"]), "At loopback, asked in the last 7 days about alice, whose session it is."),
        (json!([]), "Nowhere that is known: no enforcement point has told whose session it is."),
        (json!([]), "Nowhere that is known: nobody is known to have this credential."),
        (json!(["loopback"]), "At loopback, which told of this task in the last 7 days."),
        (
            json!([]),
            "Nowhere: no enforcement point has told of this task (context.doorward.task) in the last 7 days.",
        ),
        (json!(["loopback"]), "At loopback, which told of this tool in the last 7 days."),
        (
            json!([]),
            "Nowhere: no enforcement point has told of this tool (context.doorward.tool) in the last 7 days.",
        ),
    ];
    assert_eq!(bites, expected.map(|(at, said)| (at, said.to_owned())));
    assert_eq!(server.evaluate(&question).await["context"]["effect"], json!("step-up"));
    let events = server.get("/v1/events?identity=alice", "eye").await.json();
    let told = |event: &Value| ["session", "task", "tool", "caller"].map(|member| event[member].clone());
    assert_eq!(told(&events["items"][0]), ["s-1", "t-1", "mail.send", "asserted"].map(Value::from));
    let long = "t".repeat(513);
    let question = json!({"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}, "context": {"doorward": {"task": long}}});
    let refused = server.post("/access/v1/evaluation", "gateway", &question).await;
    assert_eq!(
        (refused.status, refused.json()),
        (StatusCode::BAD_REQUEST, json!("context.doorward.task: expected at most 512 bytes"))
    );
    server.stop().await;
}
