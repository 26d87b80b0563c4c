//! Who acted, and what that makes known.

use std::fmt::Write;

use doorward_model::identity::IdentityKind;
use doorward_model::record::{Fact, Observation, Record};

use crate::support::{Driver, parse};

/// Runs records, given as the members that differ, and tells each identity, session and chain, and each new fact.
fn check(records: &[&str], expected: &str) {
    let mut driver = Driver::new(1, 1);
    for (at, members) in records.iter().enumerate() {
        let line = format!(
            r#"{{"eventVersion":"1.11","eventID":"e{at}","eventTime":"2026-03-02T10:00:{at:02}Z","awsRegion":"eu-west-1","recipientAccountId":"111122223333","sourceIPAddress":"198.51.100.7",{members}}}"#
        );
        let [event] = <[_; 1]>::try_from(parse(line.as_bytes())).unwrap();
        driver.take(event);
    }
    let mut told = String::new();
    for record in &driver.records {
        match record {
            Record::Fact(fact) => tell_fact(&mut told, fact.fact.as_ref().unwrap()),
            Record::Observation(seen) => tell(&mut told, seen),
        }
    }
    assert_eq!(told.trim(), expected.trim().replace("    ", ""), "got:\n{told}");
}

fn tell(told: &mut String, seen: &Observation) {
    let platform = if seen.by_platform { " platform" } else { "" };
    writeln!(told, "{} [{}] < {}{platform}", seen.identity, seen.session(), seen.chain.join(" < ")).unwrap();
}

fn tell_fact(told: &mut String, fact: &Fact) {
    match fact {
        Fact::IdentityFound(found) => {
            let kind: IdentityKind = found.kind();
            writeln!(told, "+ {} {} {}", kind.word(), found.id, found.peer_group).unwrap();
        }
        Fact::CredentialFound(found) => writeln!(told, "+ key {} of {}", found.id, found.identity).unwrap(),
        Fact::EdgeFound(found) => writeln!(told, "+ {} {:?} {}", found.from, found.kind(), found.to).unwrap(),
        _ => {}
    }
}

const ADMIN: &str = r#""userIdentity":{"type":"AssumedRole","principalId":"AROAADMINADMINADMIN1:alice@corp.example","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@corp.example","accountId":"111122223333","accessKeyId":"ASIAALICE0000000001","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAADMINADMINADMIN1","arn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef","accountId":"111122223333","userName":"AWSReservedSSO_Admin_0123456789abcdef"}}}"#;

#[test]
fn a_session_of_identity_center_is_the_person_and_a_role_chain_leads_back_to_her() {
    let assume = format!(
        r#""eventSource":"sts.amazonaws.com","eventName":"AssumeRole","requestParameters":{{"roleArn":"arn:aws:iam::444455556666:role/deploy"}},"responseElements":{{"credentials":{{"accessKeyId":"ASIADEPLOY000000001","expiration":"Mar 2, 2026, 11:00:00 AM"}},"assumedRoleUser":{{"assumedRoleId":"AROADEPLOYDEPLOYDEP1:alice","arn":"arn:aws:sts::444455556666:assumed-role/deploy/alice"}}}},{ADMIN}"#
    );
    let deploy = r#""eventSource":"s3.amazonaws.com","eventName":"ListBuckets","userIdentity":{"type":"AssumedRole","principalId":"AROADEPLOYDEPLOYDEP1:alice","arn":"arn:aws:sts::444455556666:assumed-role/deploy/alice","accountId":"444455556666","accessKeyId":"ASIADEPLOY000000001","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADEPLOYDEPLOYDEP1","arn":"arn:aws:iam::444455556666:role/deploy","accountId":"444455556666","userName":"deploy"}}}"#;
    check(
        &[&assume, deploy, &assume],
        "
        + human idc:111122223333/alice@corp.example permission-set:Admin
        + workload arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef permission-set:Admin
        + idc:111122223333/alice@corp.example Assumed arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef
        + idc:111122223333/alice@corp.example Assumed arn:aws:iam::444455556666:role/deploy
        idc:111122223333/alice@corp.example [arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@corp.example] < 
        + workload arn:aws:iam::444455556666:role/deploy role:deploy
        arn:aws:iam::444455556666:role/deploy [arn:aws:sts::444455556666:assumed-role/deploy/alice] < idc:111122223333/alice@corp.example
        idc:111122223333/alice@corp.example [arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@corp.example] < 
        ",
    );
}

#[test]
fn an_agent_under_a_person_is_its_own_identity_and_she_keeps_hers() {
    let call = |agent: &str| {
        format!(
            r#""eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","userAgent":"{agent}",{ADMIN}"#
        )
    };
    check(
        &[&call("aws-cli/2.31.0 md/installer#exe"), &call("python-httpx/0.28.1 mcp-proxy-for-aws/1.7.0 claude-code/2.1.5")],
        "
        + human idc:111122223333/alice@corp.example permission-set:Admin
        + workload arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef permission-set:Admin
        + idc:111122223333/alice@corp.example Assumed arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef
        idc:111122223333/alice@corp.example [arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@corp.example] < 
        + agent agent:idc:111122223333/alice@corp.example/claude-code agent:claude-code
        + agent:idc:111122223333/alice@corp.example/claude-code ActsFor idc:111122223333/alice@corp.example
        agent:idc:111122223333/alice@corp.example/claude-code [arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@corp.example] < 
        ",
    );
}

#[test]
fn users_keys_services_and_strangers() {
    let call = |actor: &str| {
        format!(r#""eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{actor}"#)
    };
    let user = r#"{"type":"IAMUser","principalId":"AIDAUSERUSERUSERUSER","arn":"arn:aws:iam::111122223333:user/ci/uploader-7","accountId":"111122223333","accessKeyId":"AKIAUPLOADER00000001","userName":"uploader-7"}"#;
    let service = r#"{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}"#;
    let stranger = r#"{"type":"AWSAccount","principalId":"AIDASTRANGERSTRANGER","accountId":"999900001111"}"#;
    let anonymous = r#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}"#;
    let known = r#"{"type":"AWSAccount","principalId":"AIDAUSERUSERUSERUSER","accountId":"111122223333"}"#;
    check(
        &[&call(user), &call(service), &call(stranger), &call(anonymous), &call(known)],
        "
        + service arn:aws:iam::111122223333:user/ci/uploader-7 user:uploader-*
        + key AKIAUPLOADER00000001 of arn:aws:iam::111122223333:user/ci/uploader-7
        arn:aws:iam::111122223333:user/ci/uploader-7 [] < 
        + service service:autoscaling.amazonaws.com service
        service:autoscaling.amazonaws.com [] <  platform
        + external aws-account:999900001111 external
        aws-account:999900001111 [] < 
        + external anonymous external
        anonymous [] < 
        arn:aws:iam::111122223333:user/ci/uploader-7 [] < 
        ",
    );
}

#[test]
fn what_was_guessed_of_a_role_gives_way_to_what_a_record_shows() {
    let call = |actor: &str| {
        format!(r#""eventSource":"s3.amazonaws.com","eventName":"GetObject","userIdentity":{{{actor}}}"#)
    };
    let session = |session: &str, context: &str| {
        call(&format!(
            r#""type":"AssumedRole","principalId":"AROADEPLOYDEPLOYDEP1:{session}","arn":"arn:aws:sts::111122223333:assumed-role/deploy/{session}","accountId":"111122223333"{context}"#
        ))
    };
    let context = r#","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADEPLOYDEPLOYDEP1","arn":"arn:aws:iam::111122223333:role/ci/deploy","accountId":"111122223333","userName":"deploy"}}"#;
    let elsewhere =
        call(r#""type":"AWSAccount","principalId":"AROADEPLOYDEPLOYDEP1:one","accountId":"111122223333""#);
    check(
        &[&session("one", ""), &elsewhere, &session("two", context), &session("one", ""), &elsewhere],
        "
        + workload arn:aws:iam::111122223333:role/deploy role:deploy
        arn:aws:iam::111122223333:role/deploy [arn:aws:sts::111122223333:assumed-role/deploy/one] < 
        arn:aws:iam::111122223333:role/deploy [] < 
        + workload arn:aws:iam::111122223333:role/ci/deploy role:deploy
        arn:aws:iam::111122223333:role/ci/deploy [arn:aws:sts::111122223333:assumed-role/deploy/two] < 
        arn:aws:iam::111122223333:role/ci/deploy [arn:aws:sts::111122223333:assumed-role/deploy/one] < 
        arn:aws:iam::111122223333:role/ci/deploy [] < 
        ",
    );
}
