"""What columns and materials of plants' tables are called, in English and German, without blanks and signs."""

Words = tuple[str, ...]
HEAT: Words = (
    "heat", "heatid", "heatno", "heatnumber", "charge", "chargeno", "chargennr", "chargennummer", "schmelze",
    "schmelznr", "schmelzennr", "schmelznummer", "melt", "meltno", "tapno", "castno", "batch",
)  # fmt: skip
TAPPED_AT: Words = (
    "tapped", "tappedat", "taptime", "tapdate", "abstich", "abstichzeit", "datum", "date", "datetime", "time",
    "timestamp", "zeit", "zeitpunkt",
)  # fmt: skip
GRADE: Words = ("grade", "steelgrade", "guete", "stahlsorte", "sorte", "werkstoff", "marke", "quality", "qualitaet")
TAPPED: Words = (
    "tappedweight", "tapweight", "tapped", "abstichgewicht", "liquidsteel", "steelweight", "tap", "gewicht",
    "rohstahl", "fluessigstahl",
)  # fmt: skip
HEEL: Words = ("heel", "hotheel", "sumpf", "restsumpf")
ENERGY: Words = ("energy", "electricity", "power", "strom", "energie", "elenergy", "electricalenergy", "kwh", "mwh")
PROCESS: dict[str, Words] = {
    "oxygen_nm3_per_t": ("o2", "oxygen", "sauerstoff"),
    "gas_nm3_per_t": ("gas", "naturalgas", "erdgas", "ch4"),
    "injected_carbon_kg_per_t": ("injectedcarbon", "injcarbon", "carboninjected", "einblaskohle", "injc"),
    "tap_temperature_c": ("temp", "temperature", "taptemp", "taptemperature", "abstichtemperatur", "temperatur"),
    "power_on_min": ("poweron", "powerontime", "einschaltzeit", "stromzeit"),
    "power_off_min": ("poweroff", "powerofftime", "ausschaltzeit"),
}
USUAL_UNIT = {
    "oxygen_nm3_per_t": "Nm³", "gas_nm3_per_t": "Nm³", "injected_carbon_kg_per_t": "kg", "tap_temperature_c": "°C",
    "power_on_min": "min", "power_off_min": "min",
}  # fmt: skip
UNIT_WORDS = {
    "kg": "kg", "t": "t", "to": "t", "lb": "lb", "lbs": "lb", "kwh": "kWh", "mwh": "MWh", "nm3": "Nm³", "m3": "Nm³",
    "c": "°C", "degc": "°C", "f": "°F", "min": "min", "s": "s", "ppm": "ppm", "pct": "%", "wt": "wt%",
}  # fmt: skip
CLASSES: tuple[tuple[str, Words], ...] = (
    ("E40", ("shred", "e40", "shr", "schredder")), ("E46", ("incinerat", "e46", "mva", "muellverbrennung")),
    ("E5M", ("turning", "e5m", "spaene", "chips", "borings")), ("EHRB", ("rebar", "ehrb", "bewehrung")),
    ("E8", ("newthin", "e8", "busheling", "bush", "bundles", "stanzabfall", "newproduction")),
    ("E2", ("newthick", "e2", "plate", "newheavy")), ("E3", ("oldthick", "e3", "hms", "heavymelt", "altschrottschwer")),
    ("E1", ("oldthin", "e1", "light", "altschrottleicht")),
    ("internal_return", ("return", "internal", "kreislauf", "own")),
    ("pig_iron", ("pigiron", "pig", "roheisen")), ("HBI", ("hbi",)), ("DRI", ("dri", "sponge", "eisenschwamm")),
    ("dolime", ("dolime", "dolo")), ("lime", ("lime", "kalk", "cao")),
    ("anthracite", ("anthracite", "coal", "coke", "anthrazit", "kohle", "koks")),
)  # fmt: skip
"""Words of a material's name, the surer ones first."""
