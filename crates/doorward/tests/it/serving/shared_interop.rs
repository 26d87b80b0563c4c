//! The interop cases of AuthZEN against the shipped examples, from outside.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::serving::server::{Server, example};

#[test]
fn the_todo_example_answers_every_interop_case() {
    let folder = "conformance/authzen/todo/decisions-authorization-api-1_0";
    check("authzen-todo", &format!("{folder}-01.json"), (40, 0));
    check("authzen-todo", &format!("{folder}-02.json"), (40, 3));
}

#[test]
fn the_gateway_example_answers_every_interop_case() {
    check("authzen-gateway", "conformance/authzen/api-gateway/decisions.json", (25, 0));
}

fn check(name: &str, path: &str, expected: (usize, usize)) {
    let path = shared(path);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return;
    };
    let file: Value = serde_json::from_str(&text).unwrap();
    let list = |member: &str| file[member].as_array().cloned().unwrap_or_default();
    let (singles, batches) = (list("evaluation"), list("evaluations"));
    assert_eq!((singles.len(), batches.len()), expected);
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), Some(&example(name)));
    for case in &singles {
        assert_eq!(server.evaluate(&case["request"])["decision"], case["expected"], "{case}");
    }
    for case in &batches {
        let answer = server.openly("/access/v1/evaluations", case["request"].to_string().as_bytes()).json();
        let decisions = |items: &Value| -> Vec<Value> {
            items.as_array().unwrap().iter().map(|item| item["decision"].clone()).collect()
        };
        assert_eq!(decisions(&answer["evaluations"]), decisions(&case["expected"]), "{case}");
    }
}

fn shared(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared =
        std::env::var_os("DOORWARD_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    root.join(shared).join(path)
}
