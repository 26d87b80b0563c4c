//! The list of permissions, read whole and asked for patterns; and the effective permissions of all principals of a
//! large account, whose documents are read. CPU time; `cargo bench -p doorward-privilege`.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use doorward_model::identity::Identity;
use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument};
use doorward_privilege::catalog::Catalog;
use doorward_privilege::effective::Effects;
use doorward_privilege::estate::{Builder, Estate, PrincipalId};
use doorward_privilege::pattern::Pattern;
use doorward_simulate::large_account;
use serde_json::Value;

use crate::cpu_time::CpuTime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROLES: u32 = 50_000;

/// The roles and policies of the account as rows, without trust: it does not bear on what a role could do.
fn estate() -> Estate {
    let mut bytes = Vec::new();
    large_account(7, ROLES, &mut |piece| bytes.extend_from_slice(piece));
    let export: Value = serde_json::from_slice(&bytes).unwrap();
    let mut rows = AccountExport { complete: true, ..AccountExport::default() };
    for policy in list(&export, "/Policies") {
        put(&mut rows, text(policy, "/Arn"), policy.pointer("/PolicyVersionList/0/Document").unwrap());
    }
    for role in list(&export, "/RoleDetailList") {
        let (id, name) = (text(role, "/Arn"), text(role, "/RoleName"));
        let account = id.split(':').nth(4).unwrap().to_owned();
        rows.account.clone_from(&account);
        rows.identities.push(Identity {
            id: id.to_owned(),
            name: name.to_owned(),
            account,
            ..Identity::default()
        });
        for inline in list(role, "/RolePolicyList") {
            put(&mut rows, &format!("{id} inline:inline"), inline.pointer("/PolicyDocument").unwrap());
            hold(&mut rows, id, "inline:inline", Origin::Inline);
        }
        for attached in list(role, "/AttachedManagedPolicies") {
            hold(&mut rows, id, text(attached, "/PolicyArn"), Origin::Attached);
        }
        if role.pointer("/PermissionsBoundary").is_some() {
            hold(&mut rows, id, text(role, "/PermissionsBoundary/PermissionsBoundaryArn"), Origin::Boundary);
        }
    }
    let mut builder = Builder::default();
    builder.add(rows);
    builder.build()
}

fn list<'a>(value: &'a Value, at: &str) -> &'a [Value] {
    value.pointer(at).and_then(Value::as_array).unwrap()
}

fn text<'a>(value: &'a Value, at: &str) -> &'a str {
    value.pointer(at).and_then(Value::as_str).unwrap()
}

fn put(rows: &mut AccountExport, name: &str, document: &Value) {
    rows.policies.push(PolicyDocument::of(name.to_owned(), document.to_string()));
}

fn hold(rows: &mut AccountExport, holder: &str, policy: &str, origin: Origin) {
    let (holder, policy) = (holder.to_owned(), policy.to_owned());
    rows.entitlements.push(Entitlement { holder, policy, origin: origin as i32, ..Entitlement::default() });
}

/// The effective permissions of all principals; how many they are together.
fn all(effects: &mut Effects<'_>, principals: u32) -> usize {
    let mut sum = 0;
    for id in (0..principals).map(PrincipalId) {
        let certain = effects.of(id).certain;
        sum += effects.sets().get(certain).len();
    }
    sum
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime::default()).configure_from_args();
    let mut group = criterion.benchmark_group("permissions");
    group.bench_function("read", |bencher| bencher.iter(|| black_box(Catalog::shipped().unwrap())));
    let catalog = Catalog::shipped().unwrap();
    for (name, text) in [("name", "s3:GetObject"), ("verb", "ec2:Describe*"), ("anywhere", "*:*Tags*")] {
        let pattern = Pattern::of_permission(text);
        group.bench_function(name, |bencher| bencher.iter(|| catalog.matching(black_box(&pattern))));
    }
    let estate = estate();
    let principals = estate.principals_end();
    group.throughput(Throughput::Elements(principals.into())).sample_size(10);
    group.bench_function("policies into sets", |bencher| {
        bencher.iter_with_large_drop(|| Effects::new(&estate, &catalog, 7));
    });
    group.bench_function("sets of all principals", |bencher| {
        let effects = || Effects::new(&estate, &catalog, 7);
        bencher.iter_batched_ref(effects, |effects| all(effects, principals), BatchSize::PerIteration);
    });
    group.finish();
    criterion.final_summary();
}
