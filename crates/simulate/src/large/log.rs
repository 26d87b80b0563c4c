//! What the roles of a large account do, as CloudTrail records it: each has a few habits, some of which are to assume
//! another role, and some do far more than others.

use doorward_model::time::{Millis, Time};

use super::{ACCOUNT, Large};
use crate::random::{Random, Stream, nth};
use crate::record::EventId;
use crate::text::{join, put, write_time};

/// So many habits has a role, one call on one thing each.
const HABITS: u64 = 4;
/// How often things occur, per million.
const ASSUMES: u32 = 50_000;
const DENIED: u32 = 20_000;

/// When the first event happened, 2026-08-11, and how long all of them take.
const FROM: Time = Time::from_ms(1_786_406_400_000);
const FOR: Millis = Millis::DAY.times(21);

/// A call that roles make.
#[derive(Clone, Copy, Default, Debug)]
struct Call {
    service: &'static str,
    action: &'static str,
    reads: bool,
    data: bool,
    /// Its request up to the number of a thing, and the rest.
    request: [&'static str; 2],
}

const fn call(service: &'static str, action: &'static str, request: [&'static str; 2]) -> Call {
    Call { service, action, reads: false, data: false, request }
}

const fn reads(call: Call) -> Call {
    Call { reads: true, ..call }
}

const fn data(call: Call) -> Call {
    Call { data: true, ..call }
}

const ASSUME: Call = call(
    "sts",
    "AssumeRole",
    [r#"{"roleArn":"arn:aws:iam::444455556666:role/role-"#, r#"","roleSessionName":"chain"}"#],
);
const OBJECT: [&str; 2] = [r#"{"bucketName":"bucket-"#, r#"","key":"a/b"}"#];
const TABLE: [&str; 2] = [r#"{"tableName":"thing-"#, r#""}"#];
const QUEUE: [&str; 2] = [r#"{"queueUrl":"https://sqs.us-east-1.amazonaws.com/444455556666/thing-"#, r#""}"#];
const KEY: [&str; 2] =
    [r#"{"keyId":"arn:aws:kms:us-east-1:444455556666:key/00000000-0000-0000-0000-"#, r#""}"#];
const GROUP: [&str; 2] = [r#"{"logGroupName":"/aws/lambda/thing-"#, r#"","logStreamName":"a"}"#];
const MACHINE: [&str; 2] =
    [r#"{"stateMachineArn":"arn:aws:states:us-east-1:444455556666:stateMachine:thing-"#, r#""}"#];

const CALLS: [Call; 16] = [
    data(reads(call("s3", "GetObject", OBJECT))),
    data(call("s3", "PutObject", OBJECT)),
    data(reads(call("dynamodb", "GetItem", TABLE))),
    data(call("dynamodb", "PutItem", TABLE)),
    data(call("sqs", "SendMessage", QUEUE)),
    data(call("sqs", "ReceiveMessage", QUEUE)),
    reads(call("kms", "Decrypt", KEY)),
    reads(call("kms", "DescribeKey", KEY)),
    call("logs", "CreateLogStream", GROUP),
    data(call("lambda", "Invoke", [r#"{"functionName":"thing-"#, r#""}"#])),
    reads(call("secretsmanager", "GetSecretValue", [r#"{"secretId":"thing-"#, r#""}"#])),
    reads(call("ssm", "GetParameter", [r#"{"name":"thing-"#, r#"","withDecryption":true}"#])),
    reads(call(
        "ec2",
        "DescribeInstances",
        [r#"{"instancesSet":{},"filterSet":{"items":[{"name":"tag:n"#, r#""}]}}"#],
    )),
    call("states", "StartExecution", MACHINE),
    reads(call("states", "DescribeExecution", MACHINE)),
    reads(call("ecr", "BatchGetImage", [r#"{"repositoryName":"thing-"#, r#""}"#])),
];

/// Hands a log of so many events in the account of so many roles to the sink, piece by piece, in the order in which they
/// happened. The pieces together are one JSON document.
pub fn large_log(seed: u64, (roles, events): (u32, u32), sink: &mut dyn FnMut(&[u8])) {
    let account = Large::of(seed, roles);
    let every = Millis(FOR.0 / i64::from(events.max(1)));
    let mut piece = Vec::new();
    sink(br#"{"Records":["#);
    for number in 0..events {
        piece.clear();
        if number > 0 {
            piece.push(b',');
        }
        account.event(number, FROM + every.times(i64::from(number)), &mut piece);
        sink(&piece);
    }
    sink(b"]}");
}

impl Large {
    fn event(&self, number: u32, at: Time, out: &mut Vec<u8>) {
        let mut random = Random::of(self.seed, Stream::Policy, &[0x1c, u64::from(number)]);
        let role = u32::try_from(random.skewed(u64::from(self.roles))).unwrap_or_default();
        let (call, thing) = self.habit(role, random.below(HABITS));
        out.extend_from_slice(br#"{"eventVersion":"1.11","userIdentity":"#);
        self.session(role, at, out);
        out.extend_from_slice(br#","eventTime":""#);
        write_time(at, out);
        let Call { service, action, reads, data, request: [before, after] } = call;
        join(out, &[r#"","eventSource":""#, service, r#".amazonaws.com","eventName":""#, action]);
        out.extend_from_slice(br#"","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7""#);
        out.extend_from_slice(br#","userAgent":"Boto3/1.40.1 md/Botocore#1.40.1 lang/python#3.13.1""#);
        if random.chance(DENIED) {
            out.extend_from_slice(br#","errorCode":"AccessDenied""#);
        }
        put(out, format_args!(r#","requestParameters":{before}{thing}{after}"#));
        out.extend_from_slice(br#","responseElements":null,"eventID":""#);
        EventId::draw(&mut random).write(out);
        let (reads, category) = (reads.to_string(), if data { "Data" } else { "Management" });
        let management = (!data).to_string();
        join(out, &[r#"","readOnly":"#, &reads, r#","eventType":"AwsApiCall","managementEvent":"#]);
        join(out, &[&management, r#","recipientAccountId":""#, ACCOUNT]);
        join(out, &[r#"","eventCategory":""#, category, r#""}"#]);
    }

    /// What a role does, and to the thing of which number.
    fn habit(&self, role: u32, habit: u64) -> (Call, u64) {
        let mut random = Random::of(self.seed, Stream::Policy, &[0x1d, u64::from(role), habit]);
        let thing = random.below(u64::from(self.roles));
        match random.chance(ASSUMES) {
            true => (ASSUME, thing),
            // There are fewer things than roles.
            false => (nth(&CALLS, random.bits()), thing / 50),
        }
    }

    /// The `userIdentity` of a session of a role that began within the hour.
    fn session(&self, role: u32, at: Time, out: &mut Vec<u8>) {
        let id = self.id("AROA", role);
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/role-{role}");
        put(
            out,
            format_args!(
                r#"{{"type":"AssumedRole","principalId":"{id}:job","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/role-{role}/job","accountId":"{ACCOUNT}","accessKeyId":"ASIA{}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"{arn}","accountId":"{ACCOUNT}","userName":"role-{role}"}},"attributes":{{"creationDate":""#,
                id.get(4..).unwrap_or_default()
            ),
        );
        write_time(at - Millis(at.ms().rem_euclid(3_600_000)), out);
        out.extend_from_slice(br#"","mfaAuthenticated":"false"}}}"#);
    }
}
