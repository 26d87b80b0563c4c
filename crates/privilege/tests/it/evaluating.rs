//! The evaluation of all policies together.

use doorward_privilege::evaluate::{Denial, LayerKind, Policies, Policy, Verdict, evaluate};
use doorward_privilege::request::{Caller, Context, Permission, Request, Resource};

use crate::ask::{Layers, ask, document};

const USER: &str = "arn:aws:iam::111111111111:user/ann";
const ROLE: &str = "arn:aws:iam::111111111111:role/path/deploy";
const BUCKET: &str = "arn:aws:s3:::b/key";
const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
const EC2: &str = r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#;
const NO_S3: &str = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#;

fn get(layers: Layers<'_>, caller: &str) -> String {
    let caller = Caller::of(caller).unwrap();
    ask(layers, caller, "s3:GetObject", Resource::new(BUCKET).in_account("111111111111"), &Context::unknown())
}

fn get_elsewhere(layers: Layers<'_>, caller: &str) -> String {
    let caller = Caller::of(caller).unwrap();
    ask(layers, caller, "s3:GetObject", Resource::new(BUCKET).in_account("222222222222"), &Context::unknown())
}

fn to(principal: &str) -> String {
    format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"s3:*","Resource":"*"}}"#)
}

#[test]
fn layers_go_together_as_documented() {
    let user = to(USER);
    let role = to(ROLE);
    let session = to("arn:aws:sts::111111111111:assumed-role/deploy/run");
    let account = to("111111111111");
    let none = Layers::default();
    let limits = Layers { boundary: EC2, ..none };
    let cases: [(&str, String, &str); 15] = [
        ("nothing allows", get(none, USER), "not allowed"),
        ("identity", get(Layers { identity: ALL, ..none }, USER), "allowed"),
        ("resource names the user", get(Layers { resource: &user, ..none }, USER), "allowed"),
        ("beyond a boundary", get(Layers { resource: &user, ..limits }, USER), "allowed"),
        ("resource names the role", get(Layers { resource: &role, ..none }, ROLE), "allowed"),
        ("within a boundary", get(Layers { resource: &role, ..limits }, ROLE), "not allowed"),
        (
            "some session",
            get(Layers { resource: &session, ..limits }, ROLE),
            "only if the session is arn:aws:sts::111111111111:assumed-role/deploy/run",
        ),
        ("account does not suffice", get(Layers { resource: &account, ..none }, USER), "not allowed"),
        ("other account: one side", get_elsewhere(Layers { identity: ALL, ..none }, USER), "not allowed"),
        (
            "other account: both",
            get_elsewhere(Layers { identity: ALL, resource: &account, ..none }, USER),
            "allowed",
        ),
        (
            "each level must allow",
            get(Layers { identity: ALL, service_control: &[ALL, EC2], ..none }, USER),
            "not allowed",
        ),
        (
            "resource control only denies",
            get(Layers { identity: ALL, resource_control: &[EC2], ..none }, USER),
            "allowed",
        ),
        ("an explicit deny", get(Layers { identity: ALL, session: NO_S3, ..none }, ROLE), "denied"),
        ("root", get(none, "arn:aws:iam::111111111111:root"), "allowed"),
        (
            "root is limited",
            get(Layers { service_control: &[NO_S3], ..none }, "arn:aws:iam::111111111111:root"),
            "denied",
        ),
    ];
    for (rule, got, expected) in cases {
        assert_eq!(got, expected, "{rule}");
    }
}

#[test]
fn resource_control_policies_limit_what_supports_them() {
    let no = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#;
    let layers = Layers { identity: ALL, resource_control: &[no], ..Layers::default() };
    let asked = |permission, arn| {
        let on = Resource::new(arn).in_account("111111111111");
        ask(layers, Caller::of(USER).unwrap(), permission, on, &Context::unknown())
    };
    let role = "arn:aws:iam::111111111111:role/deploy";
    let linked = "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
    let cases = [
        ("s3:GetObject", BUCKET, "denied"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111111111111:table/t", "denied"),
        ("ec2:RunInstances", "arn:aws:ec2:eu-west-1:111111111111:instance/*", "allowed"),
        ("iam:PutRolePolicy", role, "allowed"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:alias/a", "denied"),
        ("kms:RetireGrant", "arn:aws:kms:eu-west-1:111111111111:alias/a", "allowed"),
        ("sts:TagSession", role, "denied"),
        ("sts:TagSession", linked, "not allowed"),
    ];
    for (permission, arn, expected) in cases {
        assert_eq!(asked(permission, arn), expected, "{permission} on {arn}");
    }
}

#[test]
fn what_is_not_known_is_a_condition_of_the_answer() {
    let identity = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}},
        {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8"]}}}"#;
    assert_eq!(
        get(Layers { identity, ..Layers::default() }, USER),
        "only if Bool aws:SecureTransport true and not (NotIpAddress aws:SourceIp 10.0.0.0/8)"
    );
}

#[test]
fn an_answer_names_the_statements_that_decided() {
    let mut identity = document(EC2);
    identity.statements.extend(document(ALL).statements);
    let boundary = document(ALL);
    let policies = Policies {
        identity: &[Policy { name: "own", document: Some(&identity) }],
        boundary: &[Policy { name: "limit", document: Some(&boundary) }],
        ..Policies::default()
    };
    let permission = Permission::new("s3:ListAllMyBuckets");
    let context = Context::known();
    let request = Request {
        caller: Caller::of(USER).unwrap(),
        permission: &permission,
        resource: Resource::none(),
        context: &context,
    };
    let answer = evaluate(&request, &policies);
    assert_eq!(answer.verdict, Verdict::Allowed);
    let places: Vec<_> =
        answer.because.iter().map(|at| (policies.name(at), at.layer, at.statement)).collect();
    assert_eq!(places, [("limit", LayerKind::Boundary, 1), ("own", LayerKind::Identity, 2)]);
}

#[test]
fn what_cannot_be_read_is_unknown_and_never_allowed() {
    let all = document(ALL);
    let deny = document(NO_S3);
    let (read, unread) =
        (Policy { name: "a", document: Some(&all) }, Policy { name: "gone", document: None });
    let permission = Permission::new("s3:GetObject");
    let context = Context::known();
    let request = Request {
        caller: Caller::of(USER).unwrap(),
        permission: &permission,
        resource: Resource::new(BUCKET).in_account("111111111111"),
        context: &context,
    };
    let ask = |identity: &[Policy<'_>], boundary: &[Policy<'_>]| {
        evaluate(&request, &Policies { identity, boundary, ..Policies::default() }).verdict
            == Verdict::Unknown
    };
    assert_eq!([ask(&[read], &[unread]), ask(&[read, unread], &[]), ask(&[unread], &[])], [true; 3]);
    let denied =
        Policies { identity: &[unread, Policy { name: "d", document: Some(&deny) }], ..Policies::default() };
    assert_eq!(evaluate(&request, &denied).verdict, Verdict::Denied(Denial::Explicit));
}
