//! The set of docs/policies.md, published and asked.

use std::path::Path;

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, Setup, now};

/// The block of a language in the page.
fn block(language: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policies.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, after) = page.split_once(&format!("```{language}\n")).unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

#[tokio::test]
async fn the_set_of_the_page_decides_as_the_page_says() {
    let server = Server::start(Setup::default()).await;
    let files = json!({"schema.cedarschema": block("cedarschema"), "all.cedar": block("cedar"), "entities.yaml": block("yaml")});
    let published = server.post("/v1/policy", "root", &json!({"files": files, "mode": "enforce"})).await;
    assert_eq!(published.status, StatusCode::OK, "{:?}", published.body);
    assert_eq!(published.json()["policies"], json!(4));
    let cases: Value = serde_json::from_str(&block("json")).unwrap();
    let cases = cases["evaluation"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        assert_eq!(server.evaluate(&case["request"]).await["decision"], case["expected"], "{case}");
    }
    let ask = |action: &str, invoice: &str, context: Value| {
        json!({"subject": {"type": "user", "id": "ann@corp.example"}, "action": {"name": action},
            "resource": {"type": "invoice", "id": invoice}, "context": context})
    };
    let said = async |question: Value| {
        let context = server.evaluate(&question).await["context"].clone();
        (context["effect"].clone(), context["reasons"].clone(), context["policies"].clone())
    };
    let unproven = server.evaluate(&ask("pay", "7", json!({}))).await["context"]["obligations"].clone();
    assert_eq!(
        (&unproven[0]["type"], &unproven[0]["properties"]["max_age"]),
        (&json!("step-up"), &json!(300))
    );
    let proof = json!({"doorward": {"authentication": {"acr": "phr", "auth_time": now().ms() / 1_000}}});
    let paid = server.evaluate(&ask("pay", "7", proof)).await;
    assert_eq!(paid["decision"], json!(true), "{paid}");
    assert_eq!(paid["context"]["obligations"][0]["properties"]["to"], json!("books@corp.example"), "{paid}");
    let looks = (json!("permit"), json!(["policy-permit"]), json!(["clerks-look"]));
    assert_eq!(said(ask("look", "8", json!({}))).await, looks);
    let hold = json!({"subject": "ann@corp.example", "profile": "read-only", "reason": "a drill"});
    assert_eq!(server.post("/v1/holds", "root", &hold).await.status, StatusCode::CREATED);
    // The hold lets her look; the policy does not, where the invoice is not known.
    assert_eq!(said(ask("look", "7", json!({}))).await, looks);
    let forbidden = (json!("deny"), json!(["policy-forbid"]), json!(["not-while-held"]));
    assert_eq!(said(ask("look", "8", json!({"holds": []}))).await, forbidden);
}
