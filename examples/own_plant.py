# %% [markdown]
# # A plant of your own, from a table
#
# A table of heats and a mapping are all it takes: heats are read and checked, a surrogate learns from them, and
# an order becomes the cheapest recipe that keeps every limit with the confidence you ask for.

# %%
from pathlib import Path

import chargewise as cw

HERE = Path(__file__).parent / "works"

# %% [markdown]
# ## Read and check
# What cannot be used is set aside with a reason; `report` says what, and how dates, decimals and units were read.

# %%
heats = cw.read_heats(HERE / "heats.csv", HERE / "mapping.toml")
print(heats.report.rows_valid, "of", heats.report.rows_read, "heats;", len(heats.materials), "materials")

# %% [markdown]
# ## Learn and judge
# The scores are of later heats than those each model has learned from.

# %%
print(cw.scores(cw.evaluate(heats)))
model = cw.train(heats)

# %% [markdown]
# ## Predict a charge

# %%
charge = dict(zip(heats.log.materials, heats.log.charged_t[-1].tolist(), strict=True))
for name, interval in cw.predict(model, charge).items():
    print(f"{name:>20} {interval.mean:9.4f}  ({interval.low:.4f} to {interval.high:.4f})")

# %% [markdown]
# ## Recommend
# The yard is what the heats were charged with, at indicative prices; `cw.read_plant` reads a plant file with yours.

# %%
plant = cw.plant_of(heats, "works")
description = cw.describe(plant, model, heats)
order = cw.Order(grade=plant.grade("B500B"), mass_t=100.0)
recipe = cw.recommend(plant, order, description, confidence=0.95)
for line in recipe.lines:
    print(f"{line.material:<24} {line.mass_t:7.2f} t")
print(f"{recipe.costs_eur_per_t.total:.2f} €/t, proven within {100 * recipe.optimality_gap:.3f} %")
for binding in recipe.bindings[:3]:
    print(f"{binding.requirement}: {binding.step} saves {binding.worth_eur_per_t:.3f} €/t")

# %% [markdown]
# ## Cost against emissions

# %%
for point in cw.front(plant, order, description, points=6):
    print({name: round(value, 2) for name, value in point.objectives.items()})
