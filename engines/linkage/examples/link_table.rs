//! Tuning: links a CSV by a model and compares with the truth.
use linkage::Model;
use linkage::batch::*;
use std::collections::HashMap;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (table, model, truth, id) = (&args[1], &args[2], &args[3], &args[4]);
    let train = args.get(5).is_some_and(|a| a == "train");
    let cohesion: f64 = std::env::var("COHESION")
        .ok()
        .map_or(0.0, |v| v.parse().unwrap());
    let model = Model::from_toml(&std::fs::read_to_string(model).unwrap()).unwrap();
    let began = Instant::now();
    let cpu = || {
        let s = std::fs::read_to_string("/proc/self/stat").unwrap();
        s.rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|t| t.parse::<f64>().unwrap())
            .sum::<f64>()
            / 100.0
    };
    let rss = || {
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|l| l.starts_with("VmHWM"))
            .unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            / 1024
    };
    let last = std::cell::Cell::new(0.0);
    let lap = |what: &str| {
        let c = cpu();
        eprintln!(
            "{:>8.3} s {:>6.2} cpu {} MB {what}",
            began.elapsed().as_secs_f64(),
            c - last.get(),
            rss()
        );
        last.set(c);
    };
    let mut reader = csv::Reader::from_path(table).unwrap();
    let headings = reader.byte_headers().unwrap().clone();
    let place = |name: &str| {
        headings
            .iter()
            .position(|h| String::from_utf8_lossy(h).trim() == name)
            .unwrap_or_else(|| panic!("no column {name}"))
    };
    let layout = Layout {
        columns: model
            .headings()
            .map(|h| h.iter().map(|n| place(n)).collect())
            .collect(),
        id: Some(place(id)),
        source: 0,
    };
    let mut builder = Builder::new(&model);
    let mut batches = [Batch::new(headings.len()), Batch::new(headings.len())];
    let mut record = csv::ByteRecord::new();
    let mut more = true;
    while more {
        let [filled, empty] = &mut batches;
        let fill = || {
            empty.clear();
            while empty.len() < 1 << 13 {
                if !reader.read_byte_record(&mut record).unwrap() {
                    return false;
                }
                empty.push(record.iter());
            }
            true
        };
        let (some, added) = rayon::join(fill, || builder.add(filled, &layout));
        added.unwrap();
        more = some;
        batches.swap(0, 1);
    }
    builder.add(&batches[0], &layout).unwrap();
    lap("read");
    let table = builder.finish().unwrap();
    lap("normal");
    for note in table.notes() {
        eprintln!("{note:?}");
    }
    let people = Population::new(table);
    lap("population");
    let linkage = Linkage::new(&model, &people, Between::Everybody);
    lap("blocks");
    eprintln!(
        "units {} pairs {:?} hot {}",
        people.units(),
        linkage.pairs(),
        linkage.hot_blocks().len()
    );
    let trained;
    let model = if train {
        let p = linkage.train();
        lap("trained");
        eprintln!(
            "prior {:.3e} found {:.0} missed {:.0} shares {:.3?}",
            p.prior, p.found, p.missed, p.shares
        );
        eprintln!("related {:.3e}", p.related);
        trained = model.with(&p);
        for (c, l) in p.levels.iter().enumerate() {
            eprintln!(
                "{c}: {}",
                l.iter()
                    .map(|x| format!(
                        "{:.4}/{:.6}/{:.4}={:.1},{:.1}",
                        x.m,
                        x.u,
                        x.r,
                        (x.m / x.u).log2(),
                        (x.m / x.r).log2()
                    ))
                    .collect::<Vec<_>>()
                    .join("  ")
            );
        }
        &trained
    } else {
        &model
    };
    let links = linkage.links(
        model,
        std::env::var("CUT").map_or(-5.0, |v| v.parse().unwrap()),
    );
    lap("links");
    let truth: HashMap<Vec<u8>, Vec<u8>> = {
        let mut r = csv::Reader::from_path(truth).unwrap();
        r.byte_records()
            .map(|x| {
                let x = x.unwrap();
                (x[0].to_vec(), x[1].to_vec())
            })
            .collect()
    };
    let truth_pairs: u64 = {
        let mut n: HashMap<&[u8], u64> = HashMap::new();
        for v in truth.values() {
            *n.entry(v).or_default() += 1;
        }
        n.values().map(|n| n * (n - 1) / 2).sum()
    };
    let entity: Vec<&[u8]> = (0..people.rows())
        .map(|row| truth[people.id(row)].as_slice())
        .collect();
    lap("truth");
    // candidates recall by unit links at -5
    for threshold in std::env::var("T")
        .unwrap_or("0,2,4,6,8".into())
        .split(',')
        .map(|t| t.parse::<f64>().unwrap())
    {
        let some: Vec<Link> = links
            .iter()
            .copied()
            .filter(|l| f64::from(l.weight) >= threshold)
            .collect();
        let before = Instant::now();
        let clusters = linkage.clusters(model, some, cohesion);
        let took = before.elapsed().as_secs_f64();
        lap("clusters");
        let mut together: HashMap<(u32, &[u8]), u64> = HashMap::new();
        let mut sizes: HashMap<u32, u64> = HashMap::new();
        for row in 0..people.rows() {
            let cluster = clusters.of[people.unit(row) as usize];
            *together.entry((cluster, entity[row])).or_default() += 1;
            *sizes.entry(cluster).or_default() += 1;
        }
        let right: u64 = together.values().map(|n| n * (n - 1) / 2).sum();
        let said: u64 = sizes.values().map(|n| n * (n - 1) / 2).sum();
        let (p, r) = (
            right as f64 / said as f64,
            right as f64 / truth_pairs as f64,
        );
        println!(
            "threshold {threshold:>4}: P {p:.4} R {r:.4} F1 {:.4}  clusters {} largest {} refused {} ({took:.2} s)",
            2.0 * p * r / (p + r),
            sizes.len(),
            sizes.values().max().unwrap(),
            clusters.refused.len()
        );
    }
    // what is lost
    if let Ok(n) = std::env::var("LOST") {
        let mut by: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for row in 0..people.rows() { by.entry(entity[row]).or_default().push(row); }
        let linked: HashMap<(u32,u32), f32> = links.iter().map(|l| ((l.one,l.other), l.weight)).collect();
        let mut lost = 0; let mut low = 0;
        let mut ents: Vec<_> = by.into_iter().collect(); ents.sort();
        for (_, rows) in ents { for (i, a) in rows.iter().enumerate() { for b in &rows[i+1..] {
            let (x, y) = (people.unit(*a).min(people.unit(*b)), people.unit(*a).max(people.unit(*b)));
            if x == y { continue }
            match linked.get(&(x,y)) { None => { lost += 1; if lost <= n.parse::<usize>().unwrap() { eprintln!("LOST w={:.1} {:?}", linkage.explain(model, *a, *b).weight, people.side_by_side(model, *a, *b)); } }
              Some(w) if *w < 4.0 => { low += 1; if low <= n.parse::<usize>().unwrap() { eprintln!("LOW {w} {:?}", people.side_by_side(model, *a, *b)); } } _ => {} }
        }}}
        eprintln!("lost {lost} low {low} of {truth_pairs}");
        let mut wrong: Vec<&Link> = links.iter().filter(|l| l.weight > 4.0).collect();
        wrong.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let mut first: HashMap<u32, usize> = HashMap::new();
        for row in 0..people.rows() {
            first.entry(people.unit(row)).or_insert(row);
        }
        let mut shown = 0;
        for l in wrong { let (a,b) = (first[&l.one], first[&l.other]); if entity[a] != entity[b] { shown += 1; if shown <= n.parse::<usize>().unwrap() { eprintln!("WRONG {} {:?}", l.weight, people.side_by_side(model, a, b)); } } }
        eprintln!("wrong links above 4: {shown}");
    }
}
