# %% [markdown]
# # A model of your own in the optimizer
#
# Any fitted model that can be written as affine or convex pieces, trees or a ReLU network is optimised exactly: the
# recipe is the best there is *by your model's own predictions*.

# %%
from pathlib import Path

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

import chargewise as cw

HERE = Path(__file__).parent / "works"
heats = cw.read_heats(HERE / "heats.csv", HERE / "mapping.toml")
early, late = heats.split(0.7)

# %% [markdown]
# ## Fit
# Features are t charged per t tapped, in the order of the materials; the yields are the catalogue's.

# %%
yields = np.array([material.metallic_yield for material in heats.materials])


def features(batch: cw.HeatBatch) -> np.ndarray:
    """(N, n) t charged per t tapped."""
    charged = batch.log.charged_in([material.name for material in heats.materials])
    return charged / (charged @ yields)[:, None]


known = np.isfinite(early.log.energy_kwh_per_t)
energy = GradientBoostingRegressor(n_estimators=12, max_depth=2).fit(
    features(early)[known], early.log.energy_kwh_per_t[known]
)
models = {"energy_kwh_per_t": energy}
for column, element in enumerate(early.log.elements):
    content = early.log.analysis_wt_pct[:, column]
    there = np.isfinite(content)
    models[element.value] = Ridge(alpha=1e-3).fit(features(early)[there], content[there])

# %% [markdown]
# ## Adopt and recommend
# Heats that no model was fitted on make the intervals.

# %%
description = cw.adopt(models, yields, late)
plant = cw.plant_of(heats, "works")
order = cw.Order(grade=plant.grade("B500B"), mass_t=100.0)
recipe = cw.recommend(plant, order, description, confidence=0.9)
for line in recipe.lines:
    print(f"{line.material:<24} {line.mass_t:7.2f} t")

# %% [markdown]
# The recipe's electricity is what the boosted trees themselves say of its charge.

# %%
charged = recipe.charged_t()
mix = np.array([charged.get(material.name, 0.0) for material in heats.materials])
own = float(energy.predict((mix / (mix @ yields))[None])[0])
print(f"recipe {recipe.energy_kwh_per_t.mean:.3f} kWh/t, model {own:.3f} kWh/t")
assert abs(recipe.energy_kwh_per_t.mean - own) < 1e-6 * own
