//! Signed heads of the journal.

use doorward_model::id::TenantId;
use doorward_proof::{PublicKey, verify_head};
use doorward_serve::answers::heads::HeadRow;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, Setup};

fn rows(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|head| head["row"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_head_is_shown_with_all_that_is_needed_to_verify_it() {
    let server = Server::start(Setup { signed: 3, ..Setup::default() }).await;
    let answer = server.get("/v1/journal/head", "eye").await;
    let shown = answer.json();
    let expected = [
        ("tenant", json!("test")),
        ("row", json!(3)),
        ("hash", json!("03".repeat(32))),
        ("recorded_at", json!("2027-01-15T08:00:00Z")),
        ("fact", json!(30)),
        ("key", json!("2ec42a1ceea325bf")),
    ];
    for (member, value) in expected {
        assert_eq!(shown[member], value, "{shown}");
    }
    let row: HeadRow = serde_json::from_value(shown).unwrap();
    let key = PublicKey::read(&row.public_key).unwrap();
    assert_eq!(verify_head(&row.signed().unwrap(), &TenantId::from("test"), &key), Ok(()));
    assert_eq!(HeadRow::of(&row.signed().unwrap(), &[key]), row);
    let known = answer.header("etag").to_owned();
    let again =
        server.with_token(http::Method::GET, "/v1/journal/head", "eye").header("if-none-match", known);
    assert_eq!(server.send(again, "").await.status, StatusCode::NOT_MODIFIED);
    server.stop().await;
}

#[tokio::test]
async fn all_heads_are_listed_page_by_page_the_newest_first() {
    let server = Server::start(Setup { signed: 5, ..Setup::default() }).await;
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("/v1/journal/heads?limit=2{cursor}"), "eye").await.json();
        pages.push(rows(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, [vec![5, 4], vec![3, 2], vec![1]]);
    for (path, status) in [
        ("/v1/journal/heads?cursor=x", StatusCode::BAD_REQUEST),
        ("/v1/journal/heads?row=1", StatusCode::BAD_REQUEST),
        ("/v1/journal/heads?as_of=2026-01-01T00:00:00Z", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(server.get(path, "eye").await.status, status, "{path}");
    }
    assert_eq!(server.get("/v1/journal/heads", "gateway").await.status, StatusCode::FORBIDDEN);
    server.stop().await;
}

#[tokio::test]
async fn before_the_first_one_there_is_none() {
    let server = Server::start(Setup::default()).await;
    let answer = server.get("/v1/journal/head", "eye").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let said = "no head of the journal is signed yet: one is at each checkpoint, and when the server stops";
    assert_eq!(answer.json()["detail"], said);
    assert_eq!(rows(&server.get("/v1/journal/heads", "eye").await.json()), [0; 0]);
    server.stop().await;
}
