//! tmp
#![allow(clippy::all)]
use doorward_simulate::*;
use std::time::Instant;
fn main() {
    let a: Vec<u32> = std::env::args().skip(1).map(|x| x.parse().unwrap()).collect();
    let plan = Plan { events_per_identity_day: a[2], ..Plan::new(1, a[0], a[1]) };
    let t = Instant::now();
    let org = organisation(&plan);
    println!("org {:?} accounts {} members {}", t.elapsed(), org.accounts().len(), org.len());
    for d in 0..2 {
        let t = Instant::now();
        let ev = org.day(d);
        let e = t.elapsed();
        println!("day {d}: {} events {:?} = {:.0} ev/s", ev.len(), e, ev.len() as f64 / e.as_secs_f64());
        let t = Instant::now();
        let mut out = Vec::new();
        let mut n = 0usize;
        for x in &ev {
            out.clear();
            x.write_json(&mut out);
            n += out.len();
        }
        let e = t.elapsed();
        println!(
            "  json {n} bytes {:?} = {:.0} ev/s {:.2} GB/s",
            e,
            ev.len() as f64 / e.as_secs_f64(),
            n as f64 / 1e9 / e.as_secs_f64()
        );
    }
    let t = Instant::now();
    let x = org.export(5);
    println!("export {} bytes {:?}", x.len(), t.elapsed());
    let t = Instant::now();
    let mut n = 0;
    large_account(1, 50_000, &mut |p| n += p.len());
    println!("large {} bytes {:?}", n, t.elapsed());
    println!(
        "{}",
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|l| l.starts_with("VmHWM"))
            .unwrap()
    );
}
