//! Any bytes as a question of an enforcement point, or as a batch of them.
#![no_main]

use doorward_fuzz::{limits, server};
use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let server = server();
    let single = server.send("POST", "/access/v1/evaluation", data).unwrap();
    match single.status {
        StatusCode::OK => assert!(single.json["decision"].is_boolean(), "{single:?}"),
        _ => assert!(refused(single.status) && single.json.is_string(), "{single:?}"),
    }
    let batch = server.send("POST", "/access/v1/evaluations", data).unwrap();
    if batch.status == StatusCode::OK {
        let answers = batch.json["evaluations"].as_array().map_or(&[] as &[Value], Vec::as_slice);
        assert!(answers.len() <= limits().batch_max, "{batch:?}");
        let each = answers.iter().chain(batch.json.get("decision").map(|_| &batch.json));
        let mut each = each.peekable();
        assert!(each.peek().is_some() && each.all(|answer| answer["decision"].is_boolean()), "{batch:?}");
    } else {
        assert!(refused(batch.status) && batch.json.is_string(), "{batch:?}");
    }
    // What one question is answered, it is answered in a batch, too.
    if let (StatusCode::OK, Ok(question)) = (single.status, serde_json::from_slice::<Value>(data)) {
        let wrapped = json!({"evaluations": [question]}).to_string();
        if let Some(answer) = server.send("POST", "/access/v1/evaluations", wrapped.as_bytes())
            && answer.status == StatusCode::OK
        {
            assert_eq!(answer.json["evaluations"][0]["decision"], single.json["decision"]);
        }
    }
});

fn refused(status: StatusCode) -> bool {
    [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE].contains(&status)
}
