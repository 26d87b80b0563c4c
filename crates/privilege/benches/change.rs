//! The atlas of an account of 50,000 roles after a change, until all its answers are right again: a policy that ten
//! roles hold says something else, comes to ten, or goes from them; a role comes; and a control policy of the whole
//! organisation says something else: it forbids all from other networks, forbids that no more, forbids all but one
//! region, forbids to assume some roles, keeps some roles from all but others, or leaves administration to some. Times
//! are CPU time of the thread; `cargo bench -p doorward-privilege`.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

#[path = "change/account.rs"]
mod account;
#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion};
use doorward_model::identity::Identity;
use doorward_model::inventory::row::{Row, RowKind, Withdrawn};
use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument, Scope};
use doorward_model::time::Time;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::escalation::Rules;
use doorward_privilege::estate::Builder;
use doorward_privilege::rating::TierZero;

use crate::account::{ACCOUNT, hold};
use crate::cpu_time::CpuTime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROLES: u32 = 50_000;
/// So many roles hold the policy.
const HOLDERS: u32 = 10;

const READS: &str = r#"{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}"#;
const DENIES: &str = r#"{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}"#;
const PASSES: &str = r#"{"Effect":"Allow","Action":["iam:PassRole","lambda:*"],"Resource":"*"}"#;
const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
/// Leaves open of everybody what it forbids.
const NETWORK: &str = r#"{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}}"#;
/// Forbids nobody anything for good: whoever asks picks the region that is left.
const REGION: &str = r#"{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#;
/// Keeps some roles from all but others, as landing zones do with theirs.
const CALLER: &str = r#"{"Effect":"Deny","Action":["iam:Attach*","iam:Put*","iam:Update*","iam:Delete*"],"Resource":"arn:aws:iam::*:role/role-49*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/role-1*"}}}"#;
/// Takes from all but some roles what administrators are known by.
const FEW: &str = r#"{"Effect":"Deny","Action":"iam:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/role-1*"}}}"#;
const CHAIN: &str = r#"{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/role-1*"}"#;

fn policy() -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/changing")
}

fn role(number: u32) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/role-{number}")
}

fn document(rows: &mut AccountExport, name: &str, statements: &[&str]) {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    rows.policies.push(PolicyDocument::of(name.to_owned(), text));
}

/// The atlas, with a policy that some roles hold.
fn atlas() -> Atlas {
    let mut rows = account::rows(ROLES);
    document(&mut rows, &policy(), &[READS]);
    for number in 0..HOLDERS {
        hold(&mut rows, &role(number * 31), &policy(), Origin::Attached);
    }
    let mut builder = Builder::default();
    builder.add(rows);
    let as_of = Time::from_ms(1_790_000_000_000);
    Atlas::new(builder.build(), Rules::shipped().unwrap(), as_of, &TierZero::Default).unwrap()
}

fn now(write: impl FnOnce(&mut AccountExport)) -> Change {
    let mut rows = AccountExport { scope: Scope::Rows, ..AccountExport::default() };
    write(&mut rows);
    Change { now: vec![rows], gone: Vec::new() }
}

fn detached() -> Change {
    let gone = |number: u32| {
        let (holder, origin) = (role(number * 31), Origin::Attached.into());
        let row = Entitlement { holder, policy: policy(), origin, ..Entitlement::default() };
        Withdrawn { kind: RowKind::Entitlement.into(), key: row.key(), seen: None }
    };
    Change { now: Vec::new(), gone: (0..HOLDERS).map(gone).collect() }
}

fn attached(rows: &mut AccountExport) {
    for number in 0..HOLDERS {
        hold(rows, &role(number * 31 + 7), &policy(), Origin::Attached);
    }
}

fn new_role(rows: &mut AccountExport) {
    let (id, name) = (role(ROLES), format!("role-{ROLES}"));
    hold(rows, &id, &policy(), Origin::Attached);
    rows.identities.push(Identity { id, name, account: ACCOUNT.to_owned(), ..Identity::default() });
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime::default()).configure_from_args();
    let atlas = atlas();
    let organisation = |statements: &[&str]| now(|rows| document(rows, "p-FullAWSAccess", statements));
    let limited = atlas.later(&organisation(&[ALL, NETWORK])).unwrap();
    let changes = [
        ("document", now(|rows| document(rows, &policy(), &[READS, DENIES]))),
        ("document that opens", now(|rows| document(rows, &policy(), &[PASSES]))),
        ("attached", now(attached)),
        ("detached", detached()),
        ("new role", now(new_role)),
        ("organisation", organisation(&[ALL, NETWORK])),
        ("organisation by region", organisation(&[ALL, REGION])),
        ("organisation by pattern", organisation(&[ALL, CHAIN])),
        ("organisation by caller", organisation(&[ALL, CALLER])),
        ("organisation with few administrators", organisation(&[ALL, FEW])),
    ];
    let mut group = criterion.benchmark_group("change");
    group.sample_size(10).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    for (name, change) in &changes {
        group.bench_function(*name, |bencher| {
            bencher.iter_batched(
                || (),
                |()| black_box(atlas.later(change).unwrap()),
                BatchSize::PerIteration,
            );
        });
    }
    group.bench_function("organisation lifted", |bencher| {
        let change = organisation(&[ALL]);
        bencher.iter_batched(|| (), |()| black_box(limited.later(&change).unwrap()), BatchSize::PerIteration);
    });
    group.finish();
    criterion.final_summary();
}
