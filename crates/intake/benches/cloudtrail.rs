//! Intake against the floor under any reader of CloudTrail: unpacking, and the fastest typed parse of nine fields.
//!
//! Both are measured on generated records, and on real ones where the shared material is there.

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;
#[path = "../../../benches/floor.rs"]
mod floor;

use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use doorward_intake::{Item, Limits, Reader};

use crate::cpu_time::CpuTime;
use crate::floor::typed_parse;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RECORDS: usize = 16_000;

/// As the gunzip of the shell delivers it: pieces of this size.
const CHUNK: usize = 1 << 16;

/// A file as CloudTrail delivers it, of the sizes and shapes of real records (1.3 KB on average).
fn delivered() -> Vec<u8> {
    let actions = [
        (
            "s3",
            "GetObject",
            r#"{"bucketName":"invoices","key":"2026/03/part-%.parquet","Host":"invoices.s3.eu-central-1.amazonaws.com"}"#,
        ),
        (
            "sts",
            "AssumeRole",
            r#"{"roleArn":"arn:aws:iam::111122223333:role/release-%","roleSessionName":"release-%","durationSeconds":3600}"#,
        ),
        (
            "ec2",
            "DescribeInstances",
            r#"{"instancesSet":{"items":[{"instanceId":"i-0123456789abc%"}]},"filterSet":{}}"#,
        ),
        (
            "kms",
            "Decrypt",
            r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::invoices/2026/03/part-%.parquet"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#,
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            r#"{"secretId":"arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-%"}"#,
        ),
        (
            "lambda",
            "UpdateFunctionConfiguration20150331v2",
            r#"{"functionName":"fn-%","environment":{},"description":"{\"a\":\"b\"}"}"#,
        ),
    ];
    let mut id = Ids(7);
    let mut out = String::from("{\"Records\":[");
    for (n, (service, action, parameters)) in (0..RECORDS).zip(actions.iter().cycle()) {
        let parameters = parameters.replace('%', &format!("{n:05}"));
        let role = n * 7_919 % 311;
        if n > 0 {
            out.push(',');
        }
        out.push_str(&format!(r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE{role:09}:worker-{n}","arn":"arn:aws:sts::111122223333:assumed-role/role-{role}/worker-{n}","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE{role:09}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE{role:09}","arn":"arn:aws:iam::111122223333:role/role-{role}","accountId":"111122223333","userName":"role-{role}"}},"attributes":{{"creationDate":"2026-03-02T09:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2026-03-02T{:02}:{:02}:{:02}Z","eventSource":"{service}.amazonaws.com","eventName":"{action}","awsRegion":"eu-central-1","sourceIPAddress":"198.51.100.{}","userAgent":"aws-sdk-java/2.31.{} md/io#sync md/http#Apache ua/2.1 os/Linux#6.8.0 lang/java#21.0.6 md/OpenJDK_64-Bit_Server_VM#21.0.6 md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_FARGATE m/D,N,z","requestParameters":{parameters},"responseElements":null,"additionalEventData":{{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"{}","bytesTransferredOut":{n}}},"requestID":"{}","eventID":"{}-89ab-4cde-8f01-{}","readOnly":true,"resources":[{{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"arn:aws:kms:eu-central-1:111122223333:key/{role:08}"}}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.eu-central-1.amazonaws.com"}}}}"#,
            n / 3_600 % 24, n / 60 % 60, n % 60, n % 250, n % 9,
            id.next(64), id.next(32), id.next(8), id.next(12)));
    }
    out.push_str("]}");
    out.into_bytes()
}

/// Ids that do not compress, as real ones do not: hexadecimal digits of a splitmix sequence.
struct Ids(u64);

impl Ids {
    fn next(&mut self, digits: usize) -> String {
        let mut out = String::new();
        while out.len() < digits {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            out.push_str(&format!("{:016x}", mixed ^ (mixed >> 31)));
        }
        out.truncate(digits);
        out
    }
}

/// Real records, one in a line, as a delivered file; none, loudly, where they are not there.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a benchmark may read files and say so")]
fn real() -> Option<Vec<u8>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = workspace.join(std::env::var("DOORWARD_SHARED").unwrap_or_else(|_| "../shared".to_owned()));
    let path = root.join("corpus/invictus-aws/events.jsonl.gz");
    let Ok(packed) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    };
    let mut lines = String::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_string(&mut lines).ok()?;
    let records: Vec<&str> = lines.lines().collect();
    Some(format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes())
}

fn unpack(packed: &[u8], size: usize) -> Vec<u8> {
    let mut out = vec![0; size];
    let written = libdeflater::Decompressor::new().gzip_decompress(packed, &mut out);
    assert_eq!(written.ok(), Some(size));
    out
}

fn intake(bytes: &[u8]) -> u64 {
    let mut reader = Reader::new("bench", Limits::default());
    let mut out = |item: Item| {
        black_box(item);
    };
    for chunk in bytes.chunks(CHUNK) {
        reader.push(chunk, &mut out);
    }
    let read = reader.read();
    reader.finish(&mut out);
    read
}

fn bench(c: &mut Criterion<CpuTime>) {
    compare(c, "generated", &delivered());
    if let Some(bytes) = real() {
        compare(c, "real", &bytes);
    }
}

fn compare(c: &mut Criterion<CpuTime>, name: &str, bytes: &[u8]) {
    let mut packer = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut packed = vec![0; packer.gzip_compress_bound(bytes.len())];
    let length = packer.gzip_compress(bytes, &mut packed).unwrap_or_default();
    packed.truncate(length);
    assert_eq!(typed_parse(bytes) as u64, intake(bytes));

    let mut group = c.benchmark_group(format!("cloudtrail/{name}"));
    group.sample_size(20).throughput(Throughput::Bytes(bytes.len() as u64));
    let size = bytes.len();
    group.bench_function(BenchmarkId::new("floor", "typed"), |b| b.iter(|| typed_parse(black_box(bytes))));
    group.bench_function(BenchmarkId::new("floor", "unpack+typed"), |b| {
        b.iter(|| typed_parse(&unpack(black_box(&packed), size)));
    });
    group.bench_function(BenchmarkId::new("intake", "read"), |b| b.iter(|| intake(black_box(bytes))));
    group.bench_function(BenchmarkId::new("intake", "unpack+read"), |b| {
        b.iter(|| intake(&unpack(black_box(&packed), size)));
    });
    group.finish();
}

criterion_group!(name = benches; config = Criterion::default().with_measurement(CpuTime::default()); targets = bench);
criterion_main!(benches);
