//! The loop: an event changes the next decision, and a release restores it.

use std::path::{Path, PathBuf};

use doorward_model::time::{Millis, Time};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serving::server::{Server, ago, config, now, seconds};
use crate::support::put;

const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@corp.example";

struct Company {
    _dir: TempDir,
    server: Server,
}

fn company(response: &str) -> Company {
    let dir = tempfile::tempdir().unwrap();
    let path = files(dir.path(), response);
    let server = Server::start(&dir.path().join("data"), Some(&path));
    Company { _dir: dir, server }
}

fn files(dir: &Path, response: &str) -> PathBuf {
    put(
        &dir.join("schema.cedarschema"),
        br#"
type Context = { risk: { score: Long, level: String } };
entity group;
entity user in [group];
entity service;
@class("read") action read appliesTo { principal: user, resource: service, context: Context };
@class("write") action deploy appliesTo { principal: user, resource: service, context: Context };
"#,
    );
    put(
        &dir.join("policies/all.cedar"),
        br#"@id("engineers") permit (principal in group::"engineers", action, resource);"#,
    );
    put(
        &dir.join("entities.yaml"),
        br#"entities:
  - {type: group, id: engineers}
  - {type: user, id: alice@corp.example, identity: human, parents: ['group::"engineers"']}
  - {type: user, id: bob@corp.example, identity: human, parents: ['group::"engineers"']}
"#,
    );
    config(
        dir,
        &format!(
            "[policy]\nfolder = \"policies\"\nschema = \"schema.cedarschema\"\nentities = \"entities.yaml\"\n\
             mode = \"enforce\"\n[response]\nmode = \"{response}\"\n[[pep]]\nname = \"gate\"\nmode = \"enforce\"\n"
        ),
    )
}

impl Company {
    fn push(&self, records: &[String]) -> Value {
        let answer = self.server.push(records.join("\n").as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Asks as the enforcement point `gate`.
    fn may(&self, gate: &str, who: &str, action: &str) -> Value {
        let bearer = format!("Bearer {gate}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let question = json!({
            "subject": {"type": "user", "id": who}, "action": {"name": action},
            "resource": {"type": "service", "id": "shop"},
        });
        let target = ("POST", "/access/v1/evaluation");
        let answer = crate::serving::server::request(
            &self.server.address,
            target,
            &headers,
            question.to_string().as_bytes(),
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    fn holds(&self) -> Vec<Value> {
        self.server.get("/v1/holds")["items"].as_array().unwrap().clone()
    }
}

/// A record of a session of alice.
fn acted(id: &str, at: Time, (agent, call): (&str, &str)) -> String {
    let time = seconds(at);
    format!(
        r#"{{"eventVersion":"1.11","eventID":"{id}","eventTime":"{time}","awsRegion":"eu-west-1","recipientAccountId":"111122223333","sourceIPAddress":"198.51.100.7","userAgent":"{agent}","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE01:alice@corp.example","arn":"{SESSION}","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE000000001","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE01","arn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef","accountId":"111122223333","userName":"AWSReservedSSO_Admin_0123456789abcdef"}},"attributes":{{"creationDate":"{time}","mfaAuthenticated":"false"}}}}}},{call}}}"#
    )
}

const LIST: &str = r#""eventSource":"ecs.amazonaws.com","eventName":"ListServices""#;
const KEY: &str = r#""eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","requestParameters":{"userName":"backup"},"responseElements":{"accessKey":{"userName":"backup","status":"Active","accessKeyId":"AKIAEXAMPLE000000099"}}"#;
const CLI: &str = "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7";

/// Five days of the same work.
fn history(agent: &str) -> Vec<String> {
    let at = |day: i64, hour: i64| ago(Millis::HOUR.times(24 * day - hour));
    let hours = (1..=5).rev().flat_map(|day| (0..6).map(move |hour| (day, hour)));
    hours
        .map(|(day, hour)| acted(&format!("{}-{day}-{hour}", agent.len()), at(day, hour), (agent, LIST)))
        .collect()
}

#[test]
fn an_event_makes_the_very_next_decision_stricter_and_a_release_restores_it() {
    let company = company("enforce");
    let gate = company.server.token("gate", "decide");
    company.push(&history(CLI));
    let alice = "alice@corp.example";
    assert_eq!(company.may(&gate, alice, "deploy")["decision"], json!(true));
    assert_eq!(company.holds(), Vec::<Value>::new());
    let told = company.push(&[acted("key", now(), (CLI, KEY))]);
    assert_eq!(told["accepted"], json!(1), "{told}");
    let next = company.may(&gate, alice, "deploy");
    println!("{next:#}");
    assert_eq!(next["decision"], json!(false), "{next}");
    println!("{:#?}", company.holds());
}

#[test]
fn an_agent_is_held_and_the_person_it_acts_for_is_not() {
    let company = company("enforce");
    let gate = company.server.token("gate", "decide");
    company.push(&history(CLI));
    let agent = "mcp-proxy-for-aws/1.6.3 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 lang/python#3.13.7";
    company.push(&history(agent));
    company.push(&[acted("key", now(), (agent, KEY))]);
    println!("{:#?}", company.holds());
    println!("{}", company.may(&gate, "alice@corp.example", "deploy"));
}
