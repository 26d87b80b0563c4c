//! A command under a key is carried out once, also when the server was killed before it could answer.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Value, json};

use crate::serving::server::{Answer, DEADLINE, Server, poll, request, try_request};

fn hold(reason: &str) -> String {
    json!({"subject": "alice", "profile": "deny", "reason": reason}).to_string()
}

fn headers<'a>(bearer: &'a str, key: &'a str) -> [(&'a str, &'a str); 3] {
    [("Authorization", bearer), ("Content-Type", "application/json"), ("Idempotency-Key", key)]
}

fn place(server: &Server, key: &str, reason: &str) -> Answer {
    let bearer = format!("Bearer {}", server.token);
    request(&server.address, ("POST", "/v1/holds"), &headers(&bearer, key), hold(reason).as_bytes())
}

/// The id of each hold by its reason; panics where there are two.
fn placed(server: &Server) -> BTreeMap<String, String> {
    let mut placed = BTreeMap::new();
    for hold in server.get("/v1/holds?limit=1000")["items"].as_array().unwrap() {
        let text = |field: &str| hold[field].as_str().unwrap().to_owned();
        assert_eq!(placed.insert(text("reason"), text("id")), None, "twice: {hold}");
    }
    placed
}

fn restart(data: &Path, token: &str) -> Server {
    let mut server = Server::start(data, None);
    token.clone_into(&mut server.token);
    server
}

#[test]
fn a_command_whose_answer_was_lost_is_answered_after_the_crash_and_done_once() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), None);
    let token = server.token.clone();
    let body = hold("lost");
    let mut unheard = TcpStream::connect(&server.address).unwrap();
    let head = format!(
        "POST /v1/holds HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: k-1\r\nContent-Length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    unheard.write_all(head.as_bytes()).unwrap();
    poll(|| !placed(&server).is_empty());
    let before = placed(&server);
    // The log alone, then a checkpoint.
    for way in [Server::kill, Server::stopped] {
        way(&mut server);
        server = restart(data.path(), &token);
        let again = place(&server, "k-1", "lost");
        assert_eq!((again.status, again.json()["id"].as_str().unwrap()), (201, before["lost"].as_str()));
        assert_eq!(place(&server, "k-1", "other").status, 422);
        assert_eq!(placed(&server), before);
    }
}

#[test]
fn no_kill_makes_a_command_happen_twice() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), None);
    let token = server.token.clone();
    for round in 0..8_u64 {
        let (told, hears) = channel();
        let (address, bearer) = (server.address.clone(), format!("Bearer {token}"));
        let placing = std::thread::spawn(move || {
            let mut at = 0;
            loop {
                let key = format!("{round}-{at}");
                let sent = headers(&bearer, &key);
                let answer = try_request(&address, ("POST", "/v1/holds"), &sent, hold(&key).as_bytes());
                let Ok(answer) = answer else { return key };
                let id = answer.json()["id"].as_str().unwrap().to_owned();
                told.send((key, id)).unwrap();
                at += 1;
            }
        });
        let mut answered: BTreeMap<_, _> =
            (0..=round % 3).map(|_| hears.recv_timeout(DEADLINE).unwrap()).collect();
        std::thread::sleep(Duration::from_micros(round * 977 % 4_000));
        server.kill();
        let open = placing.join().unwrap();
        answered.extend(hears.iter());
        server = restart(data.path(), &token);
        for key in answered.keys().chain([&open]) {
            let again: Value = place(&server, key, key).json();
            let id = again["id"].as_str().unwrap();
            assert_eq!(answered.get(key).map_or(id, String::as_str), id, "{key}");
        }
        let of_round = |(reason, _): &(String, String)| reason.starts_with(&format!("{round}-"));
        let there: BTreeMap<_, _> = placed(&server).into_iter().filter(of_round).collect();
        assert_eq!(there.len(), answered.len() + 1);
    }
}
