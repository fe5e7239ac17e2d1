"""The two ways to deploy a recipe behind one seam."""
