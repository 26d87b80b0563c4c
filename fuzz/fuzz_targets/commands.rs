//! Any bytes as the body of a command, which the first byte selects, and of events that are pushed, packed or not.
#![no_main]

use doorward_fuzz::{limits, server};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = data.split_first() else { return };
    let which = usize::from(which.wrapping_sub(b'0'));
    let server = server();
    let before = server.fact();
    let (method, path) = COMMANDS[which % COMMANDS.len()];
    let answer = server.send(method, path, body).unwrap();
    if !answer.status.is_success() {
        assert!(answer.json["title"].is_string(), "{answer:?}");
        assert_eq!(server.fact(), before, "something was done by {path}, and refused: {answer:?}");
    }
    let packing = ["identity", "gzip", "zstd"][which % 3];
    let headers = [("authorization", server.token()), ("content-encoding", packing)];
    let answer = server.send_with(&headers, "POST", "/v1/events/fuzz", body).unwrap();
    if let Some(accepted) = answer.json["accepted"].as_u64() {
        let counted = accepted + answer.json["duplicate"].as_u64().unwrap();
        let counted = counted + answer.json["rejected"].as_u64().unwrap();
        // A record takes two bytes at least, and what is unpacked is limited.
        assert!(counted as usize <= limits().unpacked_bytes_max, "{answer:?}");
    } else {
        assert!(answer.status.is_client_error() && answer.json["title"].is_string(), "{answer:?}");
    }
});

const COMMANDS: [(&str, &str); 8] = [
    ("POST", "/v1/holds"),
    ("POST", "/v1/holds/hold-1/release"),
    ("PUT", "/v1/peps/gateway"),
    ("POST", "/v1/tokens"),
    ("POST", "/v1/tokens/0123/revoke"),
    ("POST", "/v1/policy"),
    ("POST", "/v1/imports"),
    ("POST", "/v1/decide/explain"),
];
