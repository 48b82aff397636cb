//! Tuning: suggests a model for a CSV.
use linkage::Model;
use linkage::batch::*;
use linkage::suggest::*;

struct Records(Vec<csv::ByteRecord>);
impl Rows for Records {
    fn len(&self) -> usize { self.0.len() }
    fn field(&self, row: usize, column: usize) -> &[u8] { self.0[row].get(column).unwrap_or_default() }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let lists = WordLists::from_toml(&std::fs::read_to_string("policy/intake/linkage.toml").unwrap()).unwrap();
    let began = std::time::Instant::now();
    let cpu = || { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); s.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2).map(|t| t.parse::<f64>().unwrap()).sum::<f64>() / 100.0 };
    let lap = |what: &str| eprintln!("{:>8.3} s {:>6.2} cpu {what}", began.elapsed().as_secs_f64(), cpu());
    let mut reader = csv::Reader::from_path(&args[1]).unwrap();
    let headings: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let all = Records(reader.byte_records().map(Result::unwrap).collect());
    let total = all.0.len() as u64;
    let one_in = (total / 200_000).max(1);
    let rows = Records(all.0.into_iter().enumerate().filter(|(i, _)| (*i as u64 ^ 77).wrapping_mul(0x9e3779b97f4a7c15) >> 33 & (one_in.next_power_of_two() - 1) == 0).map(|x| x.1).collect());
    lap("read");
    let mut profile = Profile::new(headings.clone());
    profile.add(&rows);
    let draft = profile.draft(args.get(3).map(|s| s.as_str()), &lists).unwrap();
    lap("draft");
    eprintln!("id {:?} left out {:?}", draft.id, draft.left_out);
    std::fs::write("/tmp/draft.toml", &draft.toml).unwrap();
    let model = Model::from_toml(&draft.toml).unwrap();
    let place = |name: &str| headings.iter().position(|h| h == name).unwrap();
    let layout = Layout { columns: model.headings().map(|h| h.iter().map(|n| place(n)).collect()).collect(), id: None, source: 0 };
    let mut builder = Builder::new(&model);
    builder.add(&rows, &layout).unwrap();
    let people = Population::new(builder.finish().unwrap());
    lap("population");
    let refined = refine(&draft.toml, &model, &people, total, Between::Everybody);
    lap("refined");
    for (r, f, p) in &refined.rules { eprintln!("{:.4} {p:>10.0} {r}", f); }
    let p = &refined.parameters;
    eprintln!("prior {:.3e} related {:.3e} found {:.0} missed {:.0}", p.prior, p.related, p.found, p.missed);
    Model::from_toml(&refined.toml).unwrap();
    std::fs::write(&args[2], refined.toml).unwrap();
}
