//! Shut from the first minute.

use std::process::Command;

use serde_json::json;

use crate::serving::server::{DEADLINE, Server, command, config, example, poll, refused, request};

#[test]
fn nobody_asks_without_a_token_of_the_right_scope() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), None);
    let (eye, door) = (server.token("eye", "read"), server.token("door", "decide"));
    let targets = [
        ("GET", "/v1/identities"),
        ("GET", "/v1/findings"),
        ("GET", "/v1/events"),
        ("GET", "/v1/who?q=alice"),
        ("POST", "/v1/holds"),
        ("POST", "/v1/tokens"),
        ("POST", "/v1/policy"),
        ("POST", "/v1/imports"),
        ("POST", "/v1/events/trail"),
        ("PUT", "/v1/peps/door"),
        ("POST", "/access/v1/evaluation"),
        ("POST", "/access/v1/evaluations"),
    ];
    for target in targets {
        for headers in [&[][..], &[("Authorization", "Bearer dw_none")], &[("Authorization", "Basic eDp5")]] {
            let answer = request(&server.address, target, headers, b"{}");
            let challenge = answer.header("www-authenticate");
            assert_eq!((answer.status, challenge), (401, r#"Bearer realm="doorward""#), "{target:?}");
        }
    }
    let with = |token: &str, (method, path): (&str, &str)| {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let answer = request(&server.address, (method, path), &headers, b"{}");
        (answer.status, answer.header("www-authenticate").contains("insufficient_scope"))
    };
    assert_eq!(with(&eye, ("GET", "/v1/identities")), (200, false));
    for target in [("POST", "/v1/holds"), ("POST", "/v1/tokens"), ("POST", "/access/v1/evaluation")] {
        assert_eq!(with(&eye, target), (403, true), "{target:?}");
    }
    for target in [("GET", "/v1/identities"), ("POST", "/v1/holds"), ("POST", "/v1/events/trail")] {
        assert_eq!(with(&door, target), (403, true), "{target:?}");
    }
}

#[test]
fn a_revoked_token_opens_nothing_any_more() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), None);
    let eye = server.token("eye", "read");
    let bearer = format!("Bearer {eye}");
    let ask = || request(&server.address, ("GET", "/v1/holds"), &[("Authorization", &bearer)], b"").status;
    assert_eq!(ask(), 200);
    let tokens = server.get("/v1/tokens?name=eye");
    let id = tokens["items"][0]["id"].as_str().unwrap();
    assert_eq!(server.ask("POST", &format!("/v1/tokens/{id}/revoke"), b"").status, 200);
    assert_eq!(ask(), 401);
}

/// The first restart is from a checkpoint, the second from the log alone.
#[test]
fn a_revoked_token_is_known_as_such_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let configured = example("authzen-certification");
    let mut server = Server::start(data.path(), Some(&configured));
    let admin = server.token.clone();
    for way in [Server::stopped, Server::kill] {
        let eye = server.token("eye", "read");
        let id = eye.split('_').nth(1).unwrap().to_owned();
        assert_eq!(server.ask("POST", &format!("/v1/tokens/{id}/revoke"), b"").status, 200);
        way(&mut server);
        server = Server::start(data.path(), Some(&configured));
        server.token.clone_from(&admin);
        let bearer = format!("Bearer {eye}");
        let shown = request(&server.address, ("GET", "/v1/holds"), &[("Authorization", &bearer)], b"");
        assert_eq!(shown.status, 401);
        let counts = request(&server.address, ("GET", "/metrics"), &[], b"").text();
        assert!(counts.contains(r#"doorward_credentials_refused_total{reason="revoked"} 1"#), "{counts}");
        let answer = server.evaluate(&json!({
            "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
            "resource": {"type": "record", "id": "record-1"},
            "context": {"doorward": {"credential": {"id": id}}}}));
        assert_eq!(answer["context"]["reasons"], json!(["credential-revoked"]), "{answer}");
    }
}

#[test]
fn it_listens_on_loopback_unless_told_otherwise() {
    let data = tempfile::tempdir().unwrap();
    let elsewhere = |text: &str| {
        let mut serve = command(&data.path().join("data"));
        serve.args(["--listen", "0.0.0.0:0", "--config"]).arg(config(data.path(), text));
        refused(serve)
    };
    let (code, said) = elsewhere("");
    assert!(code == Some(1) && said.contains("no public_url"), "{said}");
    let (code, said) =
        elsewhere("public_url = \"https://door.example\"\n[authzen]\nopen_on_loopback = true\n");
    assert!(code == Some(1) && said.contains("open without a token"), "{said}");
    // It was refused before anything was made, so no token was shown to nobody.
    assert!(!data.path().join("data").exists());
}

/// In a network of its own, of which nothing leads out: whatever would call out fails or is never answered.
#[test]
fn it_works_without_a_network() {
    let dir = tempfile::tempdir().unwrap();
    let isolated = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "timeout", "60", "sh", "-c", script]);
        command
    };
    let able = isolated("ip link set lo up && command -v curl").output();
    if !able.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: a network of its own is not permitted here: {able:?}");
        return;
    }
    let (program, config) = (env!("CARGO_BIN_EXE_doorward"), example("authzen-certification"));
    let client = r#"
        ip link set lo up
        "$0" serve --config "$1" --data-dir "$2" --listen 127.0.0.1:8431 2>"$2.log" &
        until curl -sf http://127.0.0.1:8431/health/readyz; do sleep 0.05; kill -0 $! || exit 3; done
        curl -sf http://127.0.0.1:8431/access/v1/evaluation -H 'Content-Type: application/json' -d \
          '{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}'
        cat /proc/net/tcp /proc/net/udp /proc/net/tcp6 /proc/net/udp6 >"$2.net"
        kill $!; wait $!
    "#;
    let data = dir.path().join("data");
    let mut child = isolated(client)
        .arg(program)
        .arg(&config)
        .arg(&data)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut ended = None;
    poll(|| {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    let log = std::fs::read_to_string(dir.path().join("data.log")).unwrap();
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "{DEADLINE:?} {log}");
    let said = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    assert!(said.starts_with("ready\n") && said.contains(r#""decision":true"#), "{said} {log}");
    // Every socket it knew of is one of loopback.
    let sockets = std::fs::read_to_string(dir.path().join("data.net")).unwrap();
    let addresses: Vec<_> = sockets
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .filter(|address| address.contains(':'))
        .collect();
    let loopback = |address: &&str| address.starts_with("0100007F") || address.starts_with("00000000:0000");
    assert!(!addresses.is_empty() && addresses.iter().all(loopback), "{sockets}");
}
