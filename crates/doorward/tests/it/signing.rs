//! The signed end of the journal: what is signed and when, what a change looks like, and where the key goes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use doorward_model::head::SignedHead;
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::time::{Millis, Time};
use doorward_proof::{Ed25519, LogEnd, Signer, sign_head};
use doorward_serve::answers::heads::HeadRow;
use prost::Message;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::serving::server::{Server, ago, command, config, listing, refused as refuses};
use crate::support::put;
use crate::verbs::{done, json as asked, refused};

/// A data folder that was written and signed, and whose server has stopped.
struct Written {
    dir: tempfile::TempDir,
}

impl Written {
    fn new() -> Self {
        let written = Self { dir: tempfile::tempdir().unwrap() };
        written.run(0..20);
        written
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Serves, takes in events, and stops. The first token is known by the first run only.
    fn run(&self, ids: std::ops::Range<u32>) {
        let mut server = Server::start(&self.path("data"), None);
        if server.token.is_empty() {
            server.token = fs::read_to_string(self.path("token")).unwrap();
        } else {
            put(&self.path("token"), server.token.as_bytes());
        }
        let lines: Vec<_> = ids.map(|id| listing(&format!("event-{id}"), ago(Millis::HOUR))).collect();
        assert_eq!(server.push(lines.join("\n").as_bytes()).status, 200);
        server.stopped();
    }

    /// Keeps the newest signed head elsewhere.
    fn export(&self, name: &str) -> Value {
        let head = done("", &["journal", "head", "-o", "json", "--data-dir", &self.text("data")]);
        put(&self.path(name), head.as_bytes());
        serde_json::from_str(&head).unwrap()
    }

    fn database(&self) -> Connection {
        Connection::open(self.path("data/journal.sqlite")).unwrap()
    }

    fn key(&self) -> Ed25519 {
        Ed25519::read(&fs::read_to_string(self.path("data/instance.key")).unwrap()).unwrap()
    }

    /// What the kept head says, signed by another key, or for another tenant.
    fn resigned(&self, tenant: &str, key: &Ed25519) -> SignedHead {
        let select = "SELECT bytes FROM signed_head ORDER BY position DESC LIMIT 1";
        let bytes: Vec<u8> = self.database().query_row(select, [], |row| row.get(0)).unwrap();
        let kept = SignedHead::decode(bytes.as_slice()).unwrap();
        let end = LogEnd {
            row: kept.row,
            hash: kept.hash.try_into().unwrap(),
            recorded_at: Time::from_ms(kept.recorded_at_ms),
            fact: FactNumber(kept.fact),
        };
        sign_head(&TenantId::from(tenant), &end, key).unwrap()
    }

    /// Has the journal keep a head, behind the back of who writes it.
    fn put(&self, head: &SignedHead) {
        let put = "INSERT OR REPLACE INTO signed_head VALUES (?1, ?2)";
        let row = rusqlite::params![head.row.cast_signed(), head.encode_to_vec()];
        assert_eq!(self.database().execute(put, row).unwrap(), 1);
    }

    /// All that the journal holds, in one file.
    fn settled(&self) -> Vec<u8> {
        self.database().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        fs::read(self.path("data/journal.sqlite")).unwrap()
    }

    /// What `verify` says is wrong.
    #[track_caller]
    fn fault(&self, heads: &[&str]) -> String {
        let data = self.text("data");
        let heads: Vec<_> = heads.iter().map(|name| self.text(name)).collect();
        let mut args = vec!["verify", "--data-dir", &data];
        args.extend(heads.iter().flat_map(|path| ["--head", path]));
        let (code, said) = refused("", &args);
        assert_eq!(code, Some(1), "{said}");
        let said = said.strip_prefix(&format!("doorward: {data} does not verify: ")).unwrap().trim_end();
        said.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

/// A head as it was exported.
fn signed(head: Value) -> SignedHead {
    serde_json::from_value::<HeadRow>(head).unwrap().signed().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_key_is_made_once_and_signs_at_checkpoints_and_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let settings = config(dir.path(), "checkpoint_records = 20\n");
    let mut server = Server::start(&data, Some(&settings));
    let made = server.said.iter().find(|line| line.starts_with("Instance key ")).unwrap().clone();
    assert_eq!(mode(&data.join("instance.key")), 0o600);
    assert_eq!(server.ask("GET", "/v1/journal/head", b"").status, 404);
    let url = format!("http://{}", server.address);
    let (code, said) = refused(&server.token, &["journal", "head", "--url", &url]);
    assert!(code == Some(1) && said.contains("no head of the journal is signed yet"), "{said}");
    let lines: Vec<_> = (0..50).map(|id| listing(&format!("event-{id}"), ago(Millis::HOUR))).collect();
    assert_eq!(server.push(lines.join("\n").as_bytes()).status, 200);
    server.hears("a checkpoint is kept row=");
    crate::serving::server::poll(|| server.ask("GET", "/v1/journal/head", b"").status == 200);
    let (first, token) = (server.get("/v1/journal/head"), server.token.clone());
    assert_eq!(asked(&token, &["journal", "head"], ["--url", &url]), first);
    let key = first["key"].as_str().unwrap();
    let public = first["public_key"].as_str().unwrap();
    assert_eq!(made, format!("Instance key {key}, made now; its public key: {public}"));
    assert_eq!(server.push(listing("between", ago(Millis::HOUR)).as_bytes()).status, 200);
    server.stopped();

    // Nothing new but what a start records: the same key goes on.
    let mut server = Server::start(&data, Some(&settings));
    assert!(!server.said.iter().any(|line| line.starts_with("Instance key ")), "{:?}", server.said);
    server.token.clone_from(&token);
    assert_eq!(server.push(listing("last", ago(Millis::HOUR)).as_bytes()).status, 200);
    server.stopped();
    let data = data.to_str().unwrap();
    let heads = asked("", &["journal", "heads"], ["--data-dir", data]);
    let heads = heads["items"].as_array().unwrap();
    assert_eq!(heads.last(), Some(&first));
    assert!(heads.len() >= 3 && heads.iter().all(|head| head["key"] == key), "{heads:?}");
    let verified = asked("", &["verify"], ["--data-dir", data]);
    let expected = json!({
        "count": heads.len(), "last_row": verified["rows"],
        "keys": [{"id": key, "public_key": public, "heads": heads.len()}],
    });
    assert_eq!(verified["signed_heads"], expected);
    let told = done("", &["verify", "--data-dir", data]);
    let line = format!(
        "Signed heads: {}, the last of row {}; by key {key} ({public}).\n",
        heads.len(),
        verified["rows"]
    );
    assert!(told.ends_with(&line), "{told}");
}

/// What is printed for people is what was signed, so that other tools can verify it.
#[test]
fn a_head_is_printed_as_it_was_signed() {
    let written = Written::new();
    let head = written.export("head.json");
    let told = done("", &["journal", "head", "--data-dir", &written.text("data")]);
    let word = |member: &str| head[member].as_str().unwrap();
    let recorded = Time::parse(word("recorded_at")).unwrap().ms();
    let expected = format!(
        "doorward journal head, version 1\nkey {}\nrow {}\nhash {}\nrecorded_at_ms {recorded}\nfact {}\n\
         tenant default\n\npublic key {}\nsignature {}\n",
        word("key"),
        head["row"],
        word("hash"),
        head["fact"],
        word("public_key"),
        word("signature"),
    );
    assert_eq!(told, expected);
}

#[test]
fn a_head_that_was_kept_elsewhere_verifies_as_long_as_the_journal_only_grows() {
    let written = Written::new();
    written.export("one.json");
    written.run(20..30);
    written.export("two.json");
    let list = done("", &["journal", "heads", "-o", "json", "--data-dir", &written.text("data")]);
    put(&written.path("all.json"), list.as_bytes());
    let [one, two, all, data] = ["one.json", "two.json", "all.json", "data"].map(|name| written.text(name));
    let told = done("", &["verify", "--data-dir", &data, "--head", &one, "--head", &two, "--head", &all]);
    assert!(told.contains("rows, all as written.\nSigned heads: 2, "), "{told}");
    for (text, said) in [
        ("{", "cannot read FILE as a signed head: EOF"),
        ("{\"items\": []}", "FILE holds no signed head"),
        ("{\"row\": 1}", "cannot read FILE as a signed head: missing field"),
        (
            &fs::read_to_string(&one).unwrap().replace("\"hash\": \"", "\"hash\": \"x"),
            "FILE holds no hash, key or signature that can be read",
        ),
    ] {
        put(&written.path("bad.json"), text.as_bytes());
        let bad = written.text("bad.json");
        let (code, told) = refused("", &["verify", "--data-dir", &data, "--head", &bad]);
        assert!(code == Some(1) && told.contains(&said.replace("FILE", &bad)), "{told}");
    }
}

#[test]
fn a_tail_that_was_cut_off_is_found_by_a_head_that_was_kept_elsewhere() {
    let written = Written::new();
    let older = written.settled();
    let first = written.export("first.json");
    written.run(20..30);
    let last = written.export("last.json");
    // A whole and sound journal: only it ends earlier.
    fs::write(written.path("data/journal.sqlite"), older).unwrap();
    done("", &["verify", "--data-dir", &written.text("data"), "--head", &written.text("first.json")]);
    let cut = format!("the journal was cut off since: its last row is {}", first["row"]);
    let said = format!("the head of row {} in last.json: {cut}", last["row"]);
    assert_eq!(written.fault(&["first.json", "last.json"]), said);
    // The same where the newer head is kept in the journal itself.
    written.put(&signed(last.clone()));
    assert_eq!(written.fault(&[]), format!("the signed head of row {}: {cut}", last["row"]));
}

#[test]
fn a_journal_that_was_written_anew_is_found() {
    let (written, other) = (Written::new(), Written::new());
    // As long a journal at least.
    other.run(20..40);
    other.run(40..60);
    let head = written.export("head.json");
    // The rows of another journal, with our key and our signature.
    fs::write(written.path("data/journal.sqlite"), other.settled()).unwrap();
    let key = written.key();
    let ours = written.resigned("default", &key);
    written.database().execute("DELETE FROM signed_head", []).unwrap();
    written.put(&ours);
    let public = *key.public_key().bytes();
    written.database().execute("UPDATE signer SET public_key = ?1", [public]).unwrap();
    // By itself it is sound.
    done("", &["verify", "--data-dir", &written.text("data")]);
    let row = head["row"].as_u64().unwrap();
    let anew = format!("the journal was written anew since: its row {row} is another one");
    assert_eq!(written.fault(&["head.json"]), format!("the head of row {row} in head.json: {anew}"));
    // The same head, kept by the journal itself.
    written.put(&signed(head));
    assert_eq!(written.fault(&[]), format!("the signed head of row {row}: {anew}"));
}

#[test]
fn signatures_of_others_and_heads_of_others_are_found() {
    let written = Written::new();
    let head = written.export("head.json");
    let row = head["row"].as_u64().unwrap();
    let (ours, theirs) = (written.key(), Ed25519::from_seed(&[9; 32]).unwrap());
    let [our_id, their_id] = [&ours, &theirs].map(|key| key.public_key().id().to_owned());
    let renamed = SignedHead { key: our_id.clone(), ..written.resigned("default", &theirs) };
    let later = SignedHead { recorded_at_ms: 0, ..written.resigned("default", &ours) };
    for (head, fault) in [
        (
            written.resigned("default", &theirs),
            format!("key {their_id} is none that has signed this journal"),
        ),
        (renamed, format!("key {our_id} has not signed this")),
        (later, format!("key {our_id} has not signed this")),
        (
            written.resigned("other", &ours),
            "it was signed for tenant \"other\", and this is \"default\"".to_owned(),
        ),
    ] {
        written.put(&head);
        assert_eq!(written.fault(&[]), format!("the signed head of row {row}: {fault}"));
    }
    written.put(&written.resigned("default", &ours));
    let mut told = head;
    told["public_key"] = json!(theirs.public_key().to_string());
    put(&written.path("head.json"), told.to_string().as_bytes());
    let fault = format!("it was signed by key {our_id}, and not by {their_id}");
    assert_eq!(written.fault(&["head.json"]), format!("the head of row {row} in head.json: {fault}"));
    told["key"] = json!(their_id);
    told["signature"] = json!(hex(&written.resigned("default", &theirs).signature));
    put(&written.path("head.json"), told.to_string().as_bytes());
    let fault = format!("key {their_id} is none that has signed this journal");
    assert_eq!(written.fault(&["head.json"]), format!("the head of row {row} in head.json: {fault}"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_flipped_byte_in_a_row_is_found_and_the_doctor_says_so() {
    let written = Written::new();
    let update = "UPDATE row SET packed = CAST(substr(packed, 1, 20) || x'5a' || substr(packed, 22) AS BLOB)
        WHERE position = 2";
    assert_eq!(written.database().execute(update, []).unwrap(), 1);
    assert_eq!(written.fault(&[]), "cannot read journal row 2: its content is not what was written");
    let (code, _) = refused("", &["doctor", "--data-dir", &written.text("data")]);
    assert_eq!(code, Some(1));
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    let written = Written::new();
    let (data, key) = (written.path("data"), written.path("data/instance.key"));
    let start = || {
        let mut serve = command(&data);
        serve.args(["--listen", "127.0.0.1:0"]);
        refuses(serve)
    };
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    let (code, said) = start();
    let told = format!("cannot use {}: others may read or change it (mode 0640)", key.display());
    assert!(code == Some(1) && said.contains(&told), "{said}");
    assert!(said.contains("chmod 600 it if nobody has, else move it away"), "{said}");
    let doctor = ["doctor", "-o", "json", "--data-dir", data.to_str().unwrap()];
    let found: Value = serde_json::from_slice(&crate::verbs::doorward("", &doctor).stdout).unwrap();
    let verdict = |found: &Value| {
        let checks = found["checks"].as_array().unwrap();
        let of_key = checks.iter().find(|check| check["check"] == "instance key").unwrap();
        (of_key["verdict"].as_str().unwrap().to_owned(), of_key["found"].as_str().unwrap().to_owned())
    };
    let (word, said) = verdict(&found);
    assert!(word == "fail" && said.contains(&told), "{word} {said}");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    fs::write(&key, "doorward instance key, version 9\n").unwrap();
    let (code, said) = start();
    assert!(code == Some(1) && said.contains("it is no instance key of this release"), "{said}");
    fs::remove_file(&key).unwrap();
    let found: Value = serde_json::from_slice(&crate::verbs::doorward("", &doctor).stdout).unwrap();
    assert_eq!(verdict(&found), ("warn".to_owned(), format!("there is no {}", key.display())));
}

#[test]
fn a_backup_leaves_the_private_key_out_unless_it_is_asked_for() {
    let written = Written::new();
    let [data, plain, with, restored, whole] =
        ["data", "plain", "with", "restored", "whole"].map(|name| written.text(name));
    let told = done("", &["backup", &plain, "--data-dir", &data]);
    assert!(
        told.contains("Signed heads: 1, ") && told.contains("The private instance key is not in it"),
        "{told}"
    );
    assert!(!Path::new(&plain).join("instance.key").exists());
    let told = done("", &["backup", &with, "--with-key", "--data-dir", &data]);
    assert!(told.contains("The private instance key lies in it"), "{told}");
    done("", &["restore", &with, "--data-dir", &whole]);
    let ours = fs::read(Path::new(&data).join("instance.key")).unwrap();
    assert_eq!(fs::read(Path::new(&whole).join("instance.key")).unwrap(), ours);
    assert_eq!(mode(&Path::new(&whole).join("instance.key")), 0o600);
    let (code, said) = refused("", &["backup", &written.text("none"), "--with-key", "--data-dir", &plain]);
    assert!(
        code == Some(1) && said.contains(&format!("there is no {plain}/instance.key to take along")),
        "{said}"
    );
    assert!(!written.path("none").exists());

    // Another key goes on, and what the first one has signed still verifies.
    let answer = asked("", &["restore", &plain], ["--data-dir", &restored]);
    assert_eq!(answer["instance_key"], json!(false));
    let mut server = Server::start(Path::new(&restored), None);
    assert!(server.said.iter().any(|line| line.starts_with("Instance key ")), "{:?}", server.said);
    server.token = fs::read_to_string(written.path("token")).unwrap();
    assert_eq!(server.push(listing("more", ago(Millis::HOUR)).as_bytes()).status, 200);
    server.stopped();
    let verified = asked("", &["verify"], ["--data-dir", &restored]);
    let keys = verified["signed_heads"]["keys"].as_array().unwrap();
    let counts: Vec<_> = keys.iter().map(|key| key["heads"].clone()).collect();
    assert_eq!(
        (counts, keys[0]["id"].clone()),
        (vec![json!(1), json!(1)], json!(written.key().public_key().id()))
    );
}
