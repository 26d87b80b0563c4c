//! The loop: an event changes the next decision, and a release restores it.

use std::path::{Path, PathBuf};

use doorward_model::time::{Millis, Time};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serving::server::{Server, ago, config, now, seconds};
use crate::support::put;

const SESSION: &str =
    "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@corp.example";

struct Company {
    dir: TempDir,
    server: Server,
}

fn company(response: &str) -> Company {
    company_with(response, "")
}

/// With more in its configuration.
fn company_with(response: &str, more: &str) -> Company {
    let dir = tempfile::tempdir().unwrap();
    let path = files(dir.path(), response, more);
    let server = Server::start(&dir.path().join("data"), Some(&path));
    Company { dir, server }
}

fn files(dir: &Path, response: &str, more: &str) -> PathBuf {
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
             mode = \"enforce\"\n[response]\nmode = \"{response}\"\n[[pep]]\nname = \"gate\"\nmode = \"enforce\"\n{more}"
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
    let holds = company.holds();
    let hold = holds.iter().find(|hold| hold["subject"] == alice).unwrap();
    let context = &next["context"];
    assert_eq!(next["decision"], json!(false), "{next}");
    assert_eq!((&context["effect"], &context["reasons"]), (&json!("step-up"), &json!(["hold-step-up"])));
    assert_eq!(context["holds"], json!([hold["id"]]));
    assert_eq!(
        (&context["obligations"][0]["type"], &context["obligations"][0]["id"]),
        (&json!("step-up"), &hold["id"])
    );
    // Nobody else is asked for more.
    assert_eq!(company.may(&gate, "bob@corp.example", "deploy")["decision"], json!(true));
    release(&company, hold);
    let after = company.may(&gate, alice, "deploy");
    assert_eq!((&after["decision"], &after["context"]["reasons"]), (&json!(true), &json!(["policy-permit"])));
    assert!(after["context"]["seen"].as_u64() > context["seen"].as_u64(), "{after}");
}

#[test]
fn every_hold_names_its_finding_and_where_it_bites() {
    let company = company("enforce");
    let gate = company.server.token("gate", "decide");
    company.push(&history(CLI));
    company.may(&gate, "alice@corp.example", "deploy");
    company.push(&[acted("key", now(), (CLI, KEY))]);
    let findings = company.server.get("/v1/findings");
    let [finding] = findings["items"].as_array().unwrap().as_slice() else { panic!("{findings}") };
    let session = "idc:111122223333/alice@corp.example";
    assert_eq!((&finding["type"], &finding["identity"]), (&json!("credential-for-another"), &json!(session)));
    assert!(finding["narrative"].as_str().unwrap().contains("CreateAccessKey"), "{finding}");
    // Somebody asks about her, and nobody about the session of her role.
    let told = |hold: &Value| ["subject", "finding", "state", "bites_at"].map(|member| hold[member].clone());
    let expected =
        |subject: &str, bites: Value| [json!(subject), finding["id"].clone(), json!("placed"), bites];
    let mut holds: Vec<_> = company.holds().iter().map(told).collect();
    holds.sort_by_key(|hold| hold[0].to_string());
    assert_eq!(holds, [expected("alice@corp.example", json!(["gate"])), expected(session, json!([]))]);
    // What was noticed says so, too, in its last sentences.
    let told = |finding: &Value| {
        let narrative = finding["narrative"].as_str().unwrap();
        let (_, said) = narrative.split_once(" A baseline-only hold ").unwrap_or_else(|| panic!("{finding}"));
        let mut said: Vec<_> = said.split(" A baseline-only hold ").map(str::to_owned).collect();
        said.sort();
        said
    };
    let on = |subject: &str, bites: &str| format!("was placed on {subject}; it bites {bites}");
    let expected = [
        on("alice@corp.example", "at gate, asked about it in the last 7 days."),
        on(session, "nowhere: no enforcement point has asked about it in the last 7 days."),
    ];
    assert_eq!(told(finding), expected);
    let shown = company.server.get(&format!("/v1/findings/{}", finding["id"].as_str().unwrap()));
    assert_eq!(told(&shown), expected);
}

fn release(company: &Company, hold: &Value) {
    let path = format!("/v1/holds/{}/release", hold["id"].as_str().unwrap());
    let released = company.server.post(&path, &json!({"reason": "she did it on purpose"}));
    assert_eq!(released.status, 200, "{}", released.text());
}

#[test]
fn an_agent_is_held_and_the_person_it_acts_for_is_not() {
    let company = company("enforce");
    let gate = company.server.token("gate", "decide");
    let agent = "python-httpx/0.28.1 mcp-proxy-for-aws/1.7.0 claude-code/2.1.9";
    company.push(&history(CLI));
    company.push(&history(agent));
    company.push(&[acted("key", now(), (agent, KEY))]);
    let held: Vec<_> = company.holds().iter().map(|hold| hold["subject"].clone()).collect();
    assert_eq!(held, [json!("agent:idc:111122223333/alice@corp.example/claude-code")]);
    assert_eq!(company.may(&gate, "alice@corp.example", "deploy")["decision"], json!(true));
}

#[test]
fn in_shadow_a_hold_is_only_recommended() {
    let company = company("shadow");
    let gate = company.server.token("gate", "decide");
    company.push(&history(CLI));
    company.push(&[acted("key", now(), (CLI, KEY))]);
    assert_eq!(company.may(&gate, "alice@corp.example", "deploy")["decision"], json!(true));
    assert_eq!(company.holds(), Vec::<Value>::new());
    let recommended = company.server.get("/v1/holds?state=recommended");
    let subjects: Vec<_> =
        recommended["items"].as_array().unwrap().iter().map(|hold| hold["subject"].clone()).collect();
    assert_eq!(subjects.len(), 2, "{recommended}");
    assert!(subjects.contains(&json!("alice@corp.example")));
    let findings = company.server.get("/v1/findings");
    let narrative = findings["items"][0]["narrative"].as_str().unwrap();
    let said =
        " A baseline-only hold is recommended on alice@corp.example; it would bite at gate, asked about it";
    assert!(narrative.contains(said), "{narrative}");
}

#[test]
fn a_source_that_is_only_taken_at_its_word_causes_no_more_than_step_up() {
    let company = company_with("enforce", "[[source]]\nname = \"trail\"\ntrust = \"asserted\"\n");
    company.push(&history(CLI));
    company.push(&[acted("key", now(), (CLI, KEY))]);
    let findings = company.server.get("/v1/findings");
    assert_eq!(findings["items"][0]["asserted"], json!(true), "{findings}");
    let profiles: Vec<_> = company.holds().iter().map(|hold| hold["profile"].clone()).collect();
    assert_eq!(profiles, [json!("step-up"), json!("step-up")]);
}

#[test]
fn what_happened_long_before_it_arrived_changes_no_decision() {
    let company = company("enforce");
    let gate = company.server.token("gate", "decide");
    company.push(&history(CLI));
    company.push(&[acted("key", ago(Millis::HOUR.times(3)), (CLI, KEY))]);
    let findings = company.server.get("/v1/findings");
    assert_eq!(findings["items"][0]["historical"], json!(true), "{findings}");
    assert_eq!(company.holds(), Vec::<Value>::new());
    assert_eq!(company.may(&gate, "alice@corp.example", "deploy")["decision"], json!(true));
}

#[test]
fn a_hold_that_was_placed_survives_a_kill() {
    let mut company = company("enforce");
    let gate = company.server.token("gate", "decide");
    company.push(&history(CLI));
    company.push(&[acted("key", now(), (CLI, KEY))]);
    let before = company.holds();
    company.server.kill();
    let dir = company.dir.path();
    let token = company.server.token.clone();
    company.server = Server::start(&dir.join("data"), Some(&dir.join("doorward.toml")));
    company.server.token = token;
    assert_eq!(company.may(&gate, "alice@corp.example", "deploy")["context"]["effect"], json!("step-up"));
    let ids = |holds: &[Value]| holds.iter().map(|hold| hold["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&company.holds()), ids(&before));
}
