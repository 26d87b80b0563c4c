//! What a large account holds: buckets, keys, secrets, tables, queues and more, each as the answer of a call for its
//! policy, in the shares that large accounts show.

use super::{ACCOUNT, OUTSIDE};
use crate::random::{Random, Stream};
use crate::text::put;

/// Kinds of resources: their ARNs up to a number, and for how many roles there is one.
const KINDS: [(Kind, &str, u32); 9] = [
    (Kind::Bucket, "arn:aws:s3:::bucket-", 50),
    (Kind::Key, "arn:aws:kms:us-east-1:444455556666:key/00000000-0000-0000-0000-", 200),
    (Kind::Secret, "arn:aws:secretsmanager:us-east-1:444455556666:secret:thing-", 100),
    (Kind::Queue, "arn:aws:sqs:us-east-1:444455556666:thing-", 100),
    (Kind::Topic, "arn:aws:sns:us-east-1:444455556666:thing-", 200),
    (Kind::Plain, "arn:aws:dynamodb:us-east-1:444455556666:table/thing-", 200),
    (Kind::Plain, "arn:aws:ssm:us-east-1:444455556666:parameter/thing-", 100),
    (Kind::Plain, "arn:aws:ecr:us-east-1:444455556666:repository/thing-", 400),
    (Kind::Plain, "arn:aws:logs:us-east-1:444455556666:log-group:/aws/lambda/thing-", 50),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Bucket,
    Key,
    Secret,
    Queue,
    Topic,
    /// Without policies of their own.
    Plain,
}

/// How often things occur, per million.
const TLS_ONLY: u32 = 500_000;
const NAMES_A_ROLE: u32 = 150_000;
const TO_OTHERS: u32 = 50_000;
const TO_EVERYBODY: u32 = 5_000;

/// Hands the resources of an account of so many roles to the sink, piece by piece: a JSON document in each line.
pub fn large_data(seed: u64, roles: u32, sink: &mut dyn FnMut(&[u8])) {
    let mut line = Vec::new();
    for (place, (kind, arn, share)) in (0u64..).zip(KINDS) {
        for number in 0..(roles / share).max(2) {
            let random = Random::of(seed, Stream::Policy, &[0x1b, place, u64::from(number)]);
            line.clear();
            put(&mut line, format_args!(r#"{{"resource":"{arn}{number}","account":"{ACCOUNT}","policy":"#));
            policy(kind, (&format!("{arn}{number}"), roles), random, &mut line);
            line.extend_from_slice(b"}\n");
            sink(&line);
        }
    }
}

/// The policy of a resource, or `null`.
fn policy(kind: Kind, (arn, roles): (&str, u32), mut random: Random, out: &mut Vec<u8>) {
    let (service, reads) = match kind {
        Kind::Bucket => ("s3", "s3:GetObject"),
        Kind::Key => ("kms", "kms:Decrypt"),
        Kind::Secret => ("secretsmanager", "secretsmanager:GetSecretValue"),
        Kind::Queue => ("sqs", "sqs:ReceiveMessage"),
        Kind::Topic => ("sns", "sns:Subscribe"),
        Kind::Plain => return out.extend_from_slice(b"null"),
    };
    let on = if kind == Kind::Bucket { format!("{arn}/*") } else { arn.to_owned() };
    let mut statements = Vec::new();
    let mut allow = |principal: String, permission: &str| {
        statements.push(format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"{permission}","Resource":"{on}"}}"#
        ));
    };
    if kind == Kind::Key {
        allow(format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}}"#), "kms:*");
    }
    if random.chance(NAMES_A_ROLE) {
        let role = random.below(u64::from(roles));
        allow(format!(r#"{{"AWS":"arn:aws:iam::{ACCOUNT}:role/role-{role}"}}"#), reads);
    }
    if random.chance(TO_OTHERS) {
        allow(format!(r#"{{"AWS":"arn:aws:iam::{OUTSIDE}:root"}}"#), reads);
    }
    if kind == Kind::Bucket && random.chance(TO_EVERYBODY) {
        allow(r#""*""#.to_owned(), reads);
    }
    if random.chance(TLS_ONLY) {
        statements.push(format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"{service}:*","Resource":["{arn}","{on}"],"Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}"#
        ));
    }
    match &*statements {
        [] => out.extend_from_slice(b"null"),
        _ => put(out, format_args!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))),
    }
}
