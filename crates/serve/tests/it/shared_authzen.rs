//! The interop cases of AuthZEN over HTTP, answered by the shipped examples.

use http::StatusCode;
use serde_json::Value;

use crate::support::{EVALUATION, EVALUATIONS, Server, Setup, shared};

#[tokio::test]
async fn the_todo_example_answers_every_interop_case() {
    let folder = "conformance/authzen/todo/decisions-authorization-api-1_0";
    check("authzen-todo", &format!("{folder}-01.json"), (40, 0)).await;
    check("authzen-todo", &format!("{folder}-02.json"), (40, 3)).await;
}

#[tokio::test]
async fn the_gateway_example_answers_every_interop_case() {
    check("authzen-gateway", "conformance/authzen/api-gateway/decisions.json", (25, 0)).await;
}

async fn check(example: &'static str, path: &str, expected: (usize, usize)) {
    let Some(path) = shared(path) else { return };
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let server = Server::start(Setup { example, ..Setup::default() }).await;
    let list = |name: &str| file[name].as_array().cloned().unwrap_or_default();
    let (singles, batches) = (list("evaluation"), list("evaluations"));
    assert_eq!((singles.len(), batches.len()), expected);
    for case in &singles {
        let answer = server.ask(EVALUATION, case["request"].to_string()).await;
        let said = (answer.status, answer.json()["decision"].clone());
        assert_eq!(said, (StatusCode::OK, case["expected"].clone()), "{case}");
    }
    for case in &batches {
        let answer = server.ask(EVALUATIONS, case["request"].to_string()).await;
        let decisions = |items: &Value| -> Vec<Value> {
            items.as_array().unwrap().iter().map(|item| item["decision"].clone()).collect()
        };
        assert_eq!(decisions(&answer.json()["evaluations"]), decisions(&case["expected"]), "{case}");
    }
    server.stop().await;
}
