//! Who is let in where: each kind of token at each route.

use http::{Method, StatusCode};
use serde_json::json;

use doorward_serve::handle::Readiness;

use crate::support::{EVALUATION, EVALUATIONS, Server, Setup};

/// Each route, with the body that it would take, and who is let in.
const ROUTES: [(&str, &str, &[&str]); 27] = [
    ("POST", EVALUATION, &["gateway"]),
    ("POST", EVALUATIONS, &["gateway"]),
    ("POST", "/v1/events/trail", &["trail"]),
    ("POST", "/v1/events/other", &[]),
    ("GET", "/v1/identities", &["root", "eye"]),
    ("GET", "/v1/identities/alice", &["root", "eye"]),
    ("GET", "/v1/findings", &["root", "eye"]),
    ("GET", "/v1/findings/f", &["root", "eye"]),
    ("GET", "/v1/unusual", &["root", "eye"]),
    ("GET", "/v1/budget", &["root", "eye"]),
    ("GET", "/v1/holds", &["root", "eye"]),
    ("GET", "/v1/holds/h", &["root", "eye"]),
    ("GET", "/v1/events", &["root", "eye"]),
    ("GET", "/v1/who?q=alice", &["root", "eye"]),
    ("GET", "/v1/peps", &["root", "eye"]),
    ("GET", "/v1/peps/gateway", &["root", "eye"]),
    ("GET", "/v1/tokens", &["root", "eye"]),
    ("GET", "/v1/tokens/t", &["root", "eye"]),
    ("GET", "/v1/policy", &["root", "eye"]),
    ("POST", "/v1/decide/explain", &["root", "eye"]),
    ("POST", "/v1/holds", &["root"]),
    ("POST", "/v1/holds/h/release", &["root"]),
    ("PUT", "/v1/peps/gateway", &["root"]),
    ("POST", "/v1/tokens", &["root"]),
    ("POST", "/v1/tokens/t/revoke", &["root"]),
    ("POST", "/v1/policy", &["root"]),
    ("POST", "/v1/imports", &["root"]),
];

fn closed() -> Setup {
    let mut setup = Setup::default();
    setup.settings.open_on_loopback = false;
    setup
}

#[tokio::test]
async fn each_scope_opens_its_routes_and_no_others() {
    let server = Server::start(closed()).await;
    let mut wrong = Vec::new();
    for (method, path, welcome) in ROUTES {
        for token in ["root", "eye", "gateway", "trail"] {
            let request = server.with_token(method.parse().unwrap(), path, token);
            let answer = server.send(request.header("content-type", "application/json"), "").await;
            let let_in = !matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            if let_in != welcome.contains(&token) || (!let_in && answer.status != StatusCode::FORBIDDEN) {
                wrong.push(format!("{method} {path} with {token}: {}", answer.status));
            }
        }
        let nobody = server.send(server.request(method.parse().unwrap(), path), "").await;
        let challenge = nobody.header("www-authenticate");
        if (nobody.status, challenge) != (StatusCode::UNAUTHORIZED, r#"Bearer realm="doorward""#) {
            wrong.push(format!("{method} {path} with nothing: {} {challenge}", nobody.status));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    server.stop().await;
}

#[tokio::test]
async fn no_other_credential_is_a_token() {
    let server = Server::start(closed()).await;
    let good = server.tokens["eye"].clone();
    let mut statuses = Vec::new();
    for value in [
        format!("Bearer {good}"),
        format!("bearer {good}"),
        good.clone(),
        format!("Basic {good}"),
        format!("Bearer {}", good.to_uppercase()),
        format!("Bearer {good}0"),
        "Bearer ".to_owned(),
        "Bearer dw_x".to_owned(),
    ] {
        let request = server.request(Method::GET, "/v1/holds").header("authorization", value);
        statuses.push(server.send(request, "").await.status.as_u16());
    }
    let twice = server.request(Method::GET, "/v1/holds").header("authorization", format!("Bearer {good}"));
    let twice = twice.header("authorization", format!("Bearer {good}"));
    statuses.push(server.send(twice, "").await.status.as_u16());
    let in_query = server.request(Method::GET, &format!("/v1/holds?access_token={good}"));
    statuses.push(server.send(in_query, "").await.status.as_u16());
    assert_eq!(statuses, [200, 200, 401, 401, 401, 401, 401, 401, 401, 401]);
    server.stop().await;
}

#[tokio::test]
async fn without_a_token_only_plain_local_questions_pass_and_only_where_opened() {
    let server = Server::start(Setup::default()).await;
    let question = json!({"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}})
    .to_string();
    let mut statuses = Vec::new();
    for (name, value) in [
        ("accept", "*/*"),
        ("host", "localhost:8420"),
        ("host", "[::1]:8420"),
        ("host", "evil.example"),
        ("host", "127.0.0.1.evil.example"),
        ("x-forwarded-for", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1"),
        // Who shows a credential is judged by it.
        ("authorization", "Bearer dw_x"),
    ] {
        let request = server.request(Method::POST, EVALUATION).header("content-type", "application/json");
        statuses.push(server.send(request.header(name, value), question.clone()).await.status.as_u16());
    }
    let admin = server.send(server.request(Method::GET, "/v1/holds"), "").await;
    statuses.push(admin.status.as_u16());
    assert_eq!(statuses, [200, 200, 200, 401, 401, 401, 401, 401, 401]);
    server.stop().await;
}

#[tokio::test]
async fn a_revoked_token_opens_nothing_any_more() {
    let server = Server::start(closed()).await;
    let asked = json!({"name": "short", "scopes": ["read"]});
    let issued = server.post("/v1/tokens", "root", &asked).await;
    assert_eq!(issued.status, StatusCode::CREATED);
    let (id, text) = (issued.json()["id"].clone(), issued.json()["token"].clone());
    let try_it = async || {
        let bearer = format!("Bearer {}", text.as_str().unwrap());
        let request = server.request(Method::GET, "/v1/holds").header("authorization", bearer);
        server.send(request, "").await.status
    };
    assert_eq!(try_it().await, StatusCode::OK);
    let path = format!("/v1/tokens/{}/revoke", id.as_str().unwrap());
    assert_eq!(server.post(&path, "root", &json!({})).await.status, StatusCode::OK);
    assert_eq!(try_it().await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.post(&path, "root", &json!({})).await.status, StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn health_is_open_and_counts_are_for_those_who_may_read() {
    let server = Server::start(closed()).await;
    let open = async |path: &str| server.send(server.request(Method::GET, path), "").await;
    assert_eq!(open("/health/livez").await.status, StatusCode::OK);
    assert_eq!(open("/health/readyz").await.status, StatusCode::OK);
    server.ready.send(Readiness::NotReady("importing: 7 events".to_owned())).unwrap();
    let not = open("/health/readyz").await;
    assert_eq!(
        (not.status, &not.body[..]),
        (StatusCode::SERVICE_UNAVAILABLE, &b"not ready: importing: 7 events\n"[..])
    );
    let counts = open("/metrics").await;
    let text = String::from_utf8(counts.body.to_vec()).unwrap();
    let line = r#"doorward_http_requests_total{route="/health/livez",status="200"} 1"#;
    assert!(text.contains(line), "{text}");
    let proxied = server.request(Method::GET, "/metrics").header("x-forwarded-for", "10.0.0.1");
    assert_eq!(server.send(proxied, "").await.status, StatusCode::UNAUTHORIZED);
    let page = open("/").await;
    assert!(String::from_utf8_lossy(&page.body).contains("/access/v1/evaluation"));
    let headers = ["cache-control", "x-content-type-options", "x-frame-options", "referrer-policy"];
    let said = headers.map(|name| page.header(name).to_owned());
    assert_eq!(said, ["no-store", "nosniff", "DENY", "no-referrer"]);
    let nothing = open("/nothing").await;
    assert_eq!(
        (nothing.status, nothing.header("content-type")),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
    server.stop().await;
}
