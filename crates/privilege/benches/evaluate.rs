//! One request, all policies read: a small one, one as in a real account with a boundary, three levels of control
//! policies and a policy of the resource, and one whose answer is open. Times are CPU time of the thread;
//! `cargo bench -p doorward-privilege`.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use doorward_privilege::document::Document;
use doorward_privilege::evaluate::{Level, Policies, Policy, Verdict, evaluate};
use doorward_privilege::request::{Caller, Context, Permission, Request, Resource};

use crate::cpu_time::CpuTime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USER: &str = "arn:aws:iam::111122223333:user/team/ann";
const ROLE: &str = "arn:aws:iam::111122223333:role/deploy";
const OBJECT: &str = "arn:aws:s3:::artifacts-111122223333/builds/2026/app.tar";

/// What a request is answered from.
struct Shape {
    name: &'static str,
    caller: &'static str,
    context: Context,
    identity: Vec<Document>,
    boundary: Vec<Document>,
    control: Vec<Document>,
    resource: Vec<Document>,
    expected: &'static str,
}

fn document(statements: &str) -> Document {
    Document::read(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap()
}

const FULL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
const ONLY_TLS: &str = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#;

/// One policy of the caller with a condition, and one control policy.
fn small() -> Shape {
    Shape {
        name: "small",
        caller: USER,
        context: Context::known().and("aws:SecureTransport", "true"),
        identity: vec![document(ONLY_TLS)],
        boundary: Vec::new(),
        control: vec![document(FULL)],
        resource: Vec::new(),
        expected: "allowed",
    }
}

/// Statements of an account in which many teams have something, of which few speak of the request.
fn statements(count: usize) -> String {
    let mut text = String::new();
    let services = ["ec2", "dynamodb", "lambda", "sqs", "logs", "s3"].into_iter().cycle();
    for (place, service) in services.take(count).enumerate() {
        write!(
            text,
            r#"{{"Sid":"S{place}","Effect":"Allow","Action":["{service}:Get*","{service}:List*","{service}:Put{place}"],
            "Resource":["arn:aws:{service}:eu-central-1:111122223333:thing-{place}/*",
            "arn:aws:s3:::team-{place}-*/*"],"Condition":{{"StringEquals":{{"aws:RequestedRegion":"eu-central-1"}}}}}},"#
        )
        .unwrap();
    }
    text
}

fn real(name: &'static str, context: Context, expected: &'static str) -> Shape {
    let deny = r#"{"Effect":"Deny","NotAction":["iam:*","sts:*","s3:*"],"Resource":"*",
        "Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]}}},
        {"Effect":"Deny","Action":["organizations:Leave*","account:*"],"Resource":"*"}"#;
    let guard = r#"{"Effect":"Deny","Action":"s3:Delete*","Resource":"arn:aws:s3:::artifacts-*",
        "Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/break-glass"}}}"#;
    let own = r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],
        "Resource":"arn:aws:s3:::artifacts-${aws:PrincipalAccount}/*",
        "Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.168.0.0/16"]}}}"#;
    let bucket = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*",
        "Condition":{"Bool":{"aws:SecureTransport":"false"}}},
        {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:Get*","Resource":"*"}"#;
    Shape {
        name,
        caller: ROLE,
        context,
        identity: vec![
            document(statements(20).trim_end_matches(',')),
            document(statements(10).trim_end_matches(',')),
            document(own),
        ],
        boundary: vec![document(&format!("{}{FULL}", statements(6)))],
        control: vec![
            document(FULL),
            document(&format!("{FULL},{deny}")),
            document(&format!("{FULL},{guard}")),
        ],
        resource: vec![document(bucket)],
        expected,
    }
}

fn lend(documents: &[Document]) -> Vec<Policy<'_>> {
    documents.iter().map(|document| Policy { name: "", document: Some(document) }).collect()
}

fn measure(criterion: &mut Criterion<CpuTime>, shape: &Shape) {
    let lists = [&shape.identity, &shape.boundary, &shape.resource].map(|list| lend(list));
    let [identity, boundary, resource] = &lists;
    let control: Vec<Vec<Policy<'_>>> =
        shape.control.iter().map(|document| lend(std::slice::from_ref(document))).collect();
    let control: Vec<Level<'_>> = control.iter().map(|policies| Level { name: "", policies }).collect();
    let policies =
        Policies { identity, boundary, service_control: &control, resource, ..Policies::default() };
    let permission = Permission::new("s3:GetObject");
    let request = Request {
        caller: Caller::of(shape.caller).unwrap(),
        permission: &permission,
        resource: Resource::new(OBJECT).in_account("111122223333"),
        context: &shape.context,
    };
    let shown = match evaluate(&request, &policies).verdict {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::OnlyIf(requirement) => format!("only if {requirement}"),
        other => format!("{other:?}"),
    };
    assert_eq!(shown, shape.expected);
    let mut group = criterion.benchmark_group("evaluate");
    group.throughput(Throughput::Elements(1)).measurement_time(Duration::from_secs(3)).sample_size(50);
    group.bench_function(shape.name, |bencher| {
        bencher.iter(|| evaluate(black_box(&request), black_box(&policies)).layers);
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime::default()).configure_from_args();
    let known = Context::known()
        .and("aws:SecureTransport", "true")
        .and("aws:SourceIp", "10.1.2.3")
        .and("aws:RequestedRegion", "eu-central-1");
    let open =
        "only if IpAddress aws:SourceIp 10.0.0.0/8 | 192.168.0.0/16 and not (Bool aws:SecureTransport false)";
    for shape in [small(), real("real", known, "allowed"), real("real, open", Context::unknown(), open)] {
        measure(&mut criterion, &shape);
    }
    criterion.final_summary();
}
