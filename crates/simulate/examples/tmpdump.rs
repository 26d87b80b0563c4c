//! tmp
use doorward_simulate::*;
use std::io::Write;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let plan = Plan {
        attacks: AttackPlan::OneOfEach,
        ..Plan::new(a[2].parse().unwrap(), a[3].parse().unwrap(), a[4].parse().unwrap())
    };
    files(&plan, &mut |p, c| {
        let f = format!("{}/{p}", a[1]);
        std::fs::create_dir_all(std::path::Path::new(&f).parent().unwrap()).unwrap();
        std::fs::File::create(f).unwrap().write_all(c).unwrap();
    });
}
