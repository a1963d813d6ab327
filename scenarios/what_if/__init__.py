"""What-if: scenarios as files, run over a plant's grades and compared."""
