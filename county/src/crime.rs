//! The families of crime the county suffers: how common, who is harmed, how much is lost, what a
//! victim knows of the offender. Shares and sums are this generator's own, shaped after published
//! national proportions; none is a statistic. Codes are those of `policy/intake/crime-codes.csv`.

/// Who offends in campaigns of this family; groups keep to one trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trade {
    Courier,
    Phishing,
    Investment,
    Market,
    Intrusion,
    Extortion,
    /// Not done in campaigns.
    Alone,
}

/// Pounds lost: log-normal, with a share of reports where nothing was.
pub(crate) struct Loss {
    pub median: f64,
    pub sigma: f64,
    pub nothing: f64,
}

/// A family of crime: one narrative file, one pattern of harm.
pub(crate) struct Family {
    /// Name of its narratives.
    pub key: &'static str,
    /// Codes it is recorded under, with weights.
    pub codes: &'static [(&'static str, f64)],
    /// Share of all reports, in parts of the table's sum.
    pub weight: f64,
    /// Growth over a year, as a share.
    pub trend: f64,
    pub trade: Trade,
    /// Share of its reports that belong to a campaign, and how many days one lasts about.
    pub in_campaigns: f64,
    pub lasts: f64,
    /// Share whose victim is an organisation.
    pub organisations: f64,
    /// Weights of victims aged 13 to 17, 18 to 29, 30 to 59, 60 to 74, and 75 or over.
    pub ages: [f64; 5],
    pub loss: Loss,
    pub contact: &'static [(&'static str, f64)],
    pub payment: &'static [(&'static str, f64)],
    pub platforms: &'static [&'static str],
    pub markers: &'static [(&'static str, f64)],
    /// Mean days from the event to the report.
    pub delay: f64,
    /// What of the offender's the victim can name, and how often.
    pub knows: &'static [(Tool, f64)],
    /// Share the force itself takes as a call for service; 1 where only the force records it.
    pub force: f64,
}

/// A kind of thing an offender uses and leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Tool {
    Phone,
    Email,
    Site,
    Account,
    Iban,
    Wallet,
    Handle,
    Ip,
    Vehicle,
    Suspect,
    Sha256,
}

impl Tool {
    pub const ALL: [Tool; 11] = [
        Tool::Phone,
        Tool::Email,
        Tool::Site,
        Tool::Account,
        Tool::Iban,
        Tool::Wallet,
        Tool::Handle,
        Tool::Ip,
        Tool::Vehicle,
        Tool::Suspect,
        Tool::Sha256,
    ];

    /// The slot and the section of the shared narratives that tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Tool::Phone => "phone",
            Tool::Email => "email",
            Tool::Site => "site",
            Tool::Account => "account",
            Tool::Iban => "iban",
            Tool::Wallet => "wallet",
            Tool::Handle => "handle",
            Tool::Ip => "ip",
            Tool::Vehicle => "vehicle",
            Tool::Suspect => "suspect",
            Tool::Sha256 => "sha256",
        }
    }

    /// Victims of a campaign who meet the same one before the offenders change it.
    pub const fn lasts_victims(self) -> u32 {
        match self {
            Tool::Phone | Tool::Handle | Tool::Ip => 6,
            Tool::Account | Tool::Suspect | Tool::Wallet => 7,
            Tool::Email | Tool::Iban | Tool::Vehicle | Tool::Sha256 => 10,
            Tool::Site => 12,
        }
    }

    pub fn named(name: &str) -> Option<Tool> {
        Tool::ALL.into_iter().find(|tool| tool.name() == name)
    }
}

/// How much more of a family a month brings than the average month (January first).
pub(crate) fn season(key: &str, month: i8) -> f64 {
    let at = (month.clamp(1, 12) - 1) as usize;
    let table: [f64; 12] = match key {
        "shopping" | "parcel" => [1.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1.0, 1.3, 1.4],
        "ticket" => [0.6, 0.7, 0.8, 0.9, 1.2, 1.6, 1.7, 1.4, 1.0, 0.8, 0.7, 0.6],
        "rental" => [0.9, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.2, 0.8, 0.7, 0.7],
        "romance" => [1.1, 1.2, 1.1, 1.0, 1.0, 0.9, 0.9, 0.9, 1.0, 1.0, 1.0, 0.9],
        "doorstep" => [0.7, 0.7, 0.9, 1.1, 1.3, 1.3, 1.3, 1.2, 1.1, 1.0, 0.8, 0.6],
        "ddos" => [1.0, 1.0, 1.2, 1.0, 1.4, 1.3, 0.6, 0.3, 1.2, 1.1, 1.1, 0.8],
        _ => [
            1.05, 1.0, 1.0, 1.0, 1.0, 0.98, 0.97, 0.95, 1.0, 1.02, 1.05, 0.98,
        ],
    };
    table[at]
}
