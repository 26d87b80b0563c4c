//! What one event costs the journal: check, encode, pack, chain, commit. Figures are CPU time of the thread, so
//! that they hold on a machine that does other things; bytes on disk are printed beside them.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;

use std::fs;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use doorward_journal::{Batch, Indexer, Journal, Keep, Memory, Options, Sqlite};
use doorward_model::event::{Actor, Client, Event, Target};
use doorward_model::hash::Fingerprint;
use doorward_model::id::{FactNumber, Partition, TenantId};
use doorward_model::record::{Observation, Record};

use crate::cpu_time::CpuTime;

/// How many milliseconds lie between two events.
const USUAL: i64 = 90;
const BATCH: u64 = 1_000;
/// Batches in one measured round: the kernel counts CPU time in steps of a scheduler tick.
const ROUND: u64 = 10;

/// A stream of events as a busy organisation makes them: 400 roles, 30 actions, unique ids, one every so many ms.
struct Stream {
    made: u64,
    every_ms: i64,
    random: u64,
    numbers: Vec<u64>,
}

impl Stream {
    fn new(every_ms: i64) -> Self {
        Self {
            made: 0,
            every_ms,
            random: 0x9e37_79b9_7f4a_7c15,
            numbers: vec![0; usize::from(Partition::COUNT)],
        }
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.draw(u64::MAX), self.draw(u64::MAX));
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }

    fn batch(&mut self) -> Vec<Record> {
        (0..BATCH).map(|_| self.record()).collect()
    }

    fn record(&mut self) -> Record {
        let role = self.draw(400);
        let identity = format!("arn:aws:iam::{:012}:role/service-{role}", 111_122_223_333 + role % 7);
        let partition = Partition::of(&TenantId::from("acme"), &identity);
        let n = self.numbers.get_mut(usize::from(partition.0)).unwrap();
        *n += 1;
        let n = *n;
        let event = self.event(role);
        Record::Observation(Box::new(Observation {
            partition: partition.0.into(),
            n,
            recorded_at_ms: event.happened_at_ms + 120_000,
            identity,
            told_session: String::new(),
            event: Box::new(event),
            ..Observation::default()
        }))
    }

    fn event(&mut self, role: u64) -> Event {
        const SERVICES: [&str; 6] = ["s3", "sts", "ec2", "kms", "dynamodb", "logs"];
        self.made += 1;
        let at = 1_764_000_000_000 + self.made.cast_signed() * self.every_ms;
        let pick = self.draw(30);
        let service = SERVICES.get(usize::try_from(pick % 6).unwrap()).unwrap();
        let account = format!("{:012}", 111_122_223_333 + role % 7);
        let key = format!("ASIA{:016X}", 0x0123_4567_89ab_u64.wrapping_mul(role * 48 + self.made / 40_000));
        let (id, request) = (self.uuid(), self.uuid());
        let address = format!("10.{}.{}.{}", role % 8, role % 200, self.draw(250));
        let session = format!("arn:aws:sts::{account}:assumed-role/service-{role}/i-{:017x}", role * 7919);
        let object = format!("data/2025/11/{:02}/part-{:05}.parquet", self.draw(28), self.draw(90_000));
        let action = format!("GetObject{pick}");
        let raw = format!(
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROA{role:017}:i-{session_id:017x}","arn":"{session}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{role:017}","arn":"arn:aws:iam::{account}:role/service-{role}","accountId":"{account}","userName":"service-{role}"}},"attributes":{{"creationDate":"2025-11-24T16:00:00Z","mfaAuthenticated":"false"}},"ec2RoleDelivery":"2.0"}}}},"eventTime":"{at}","eventSource":"{service}.amazonaws.com","eventName":"{action}","awsRegion":"eu-west-1","sourceIPAddress":"{address}","userAgent":"[Boto3/1.34.{pick} md/Botocore#1.34.{pick} ua/2.0 os/linux#5.10.220 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.34.{pick}]","requestParameters":{{"bucketName":"acme-data-{role}","Host":"acme-data-{role}.s3.eu-west-1.amazonaws.com","key":"{object}"}},"responseElements":null,"additionalEventData":{{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","bytesTransferredOut":{bytes}}},"requestID":"{request}","eventID":"{id}","readOnly":true,"resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::acme-data-{role}/{object}"}}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"{account}","eventCategory":"Data","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"acme-data-{role}.s3.eu-west-1.amazonaws.com"}}}}"#,
            session_id = role * 7919,
            bytes = self.draw(9_000_000),
        );
        Event {
            source: "cloudtrail".to_owned(),
            id,
            content: Some(Fingerprint::of(raw.as_bytes())),
            happened_at_ms: at,
            account: account.clone(),
            region: "eu-west-1".to_owned(),
            actor: Actor {
                kind: 3,
                principal_id: format!("AROA{role:017}:i-{:017x}", role * 7919),
                account,
                access_key_id: key,
                issuer_arn: session.replace(":sts:", ":iam:"),
                mfa: Some(false),
                ec2_role_delivery: "2.0".to_owned(),
                arn: session,
                ..Actor::default()
            },
            service: (*service).to_owned(),
            action,
            class: 6,
            target: Some(Target { kind: "AWS::S3::Object".to_owned(), id: object }),
            outcome: 1,
            client: Client {
                network: format!("10.{}.{}.0/24", role % 8, role % 200),
                address,
                family: "boto3".to_owned(),
                ..Client::default()
            },
            request_id: request,
            raw: raw.into_bytes(),
            ..Event::default()
        }
    }
}

/// One round of the writer.
fn take(log: &mut dyn Journal, records: &[Record]) {
    for record in records {
        if let Record::Observation(seen) = record {
            log.check(&seen.event).unwrap();
        }
    }
    log.append(Batch { records, facts_seen: FactNumber(0) }).unwrap();
}

fn bench(criterion: &mut Criterion<CpuTime>, name: &str, mut stream: Stream, log: &mut dyn Journal) -> u64 {
    let mut group = criterion.benchmark_group("append");
    group
        .throughput(Throughput::Elements(BATCH * ROUND))
        .sample_size(10)
        .measurement_time(Duration::from_secs(5));
    group.bench_function(name, |bencher| {
        let round = || (0..ROUND).map(|_| stream.batch()).collect::<Vec<_>>();
        let take_all = |batches: &mut Vec<Vec<Record>>| batches.iter().for_each(|batch| take(log, batch));
        bencher.iter_batched_ref(round, take_all, BatchSize::PerIteration);
    });
    group.finish();
    stream.made
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[expect(clippy::print_stdout, reason = "the second figure of the bench")]
#[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
fn engines(criterion: &mut Criterion<CpuTime>) {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Sqlite::open(folder.path(), &TenantId::from("acme"), Options::default()).unwrap();
    let events = bench(criterion, "sqlite", Stream::new(USUAL), &mut log);
    let before = bytes_in(folder.path());
    let mut indexer = Indexer::new(log.follower().unwrap(), folder.path()).unwrap();
    let began = CpuTime::default().now();
    while indexer.step().unwrap() < log.head().position {}
    let spent = CpuTime::default().now().saturating_sub(began);
    drop(indexer);
    let index = bytes_in(folder.path()) - before;
    let (each, nanoseconds) = (index as f64 / events as f64, spent.as_nanos() as f64 / events as f64);
    println!("append index: each {each:.0} ns {nanoseconds:.0} events {events} bytes {index}");
    drop(log);
    let bytes = bytes_in(folder.path()) - index;
    let raw: usize = Stream::new(USUAL).batch().iter().map(raw_bytes).sum();
    let (each, raw) = (bytes as f64 / events as f64, raw as f64 / BATCH as f64);
    println!("append disk: each {each:.0} raw {raw:.0} events {events} bytes {bytes}");
    bench(criterion, "memory, all", Stream::new(USUAL), &mut Memory::new(Keep::All).unwrap());
    bench(criterion, "memory, nothing", Stream::new(USUAL), &mut Memory::new(Keep::Nothing).unwrap());
    // All events in one hour, with a fiftieth of the memory that there is otherwise.
    let folder = tempfile::tempdir().unwrap();
    let options = Options { fingerprints_max: 80_000, ..Options::default() };
    let mut log = Sqlite::open(folder.path(), &TenantId::from("acme"), options).unwrap();
    let events = bench(criterion, "sqlite, one hour spilled", Stream::new(0), &mut log);
    println!("append spilled: {:?} of {events} events", log.window());
}

fn raw_bytes(record: &Record) -> usize {
    match record {
        Record::Observation(seen) => seen.event.raw.len(),
        Record::Fact(_) => 0,
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime::default());
    targets = engines
}
criterion_main!(benches);
