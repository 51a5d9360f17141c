# SPDX-License-Identifier: GPL-2.0-only
# Two horizontal bars, base and test, for each row, under headings.
#
# gnuplot -d -c bars.gp STYLE DATA OUTPUT FORMAT HEIGHT TITLE XLABEL BASE TEST
#
# DATA, tab separated, is two blocks with a header line each:
#   y, group, name, base, test, base as text, test as text
#   y, heading
# Texts come as arguments and data, never as code, so whatever is in a name is
# drawn as it stands.
format = ARG4
output_file = ARG3
width = 900
height = ARG5 + 0
load ARG1

stats ARG2 index 0 every ::1 using 4 name "BASE" nooutput
stats ARG2 index 0 every ::1 using 5 name "TEST" nooutput
stats ARG2 index 0 every ::1 using 1 name "ROW" nooutput
largest = BASE_max > TEST_max ? BASE_max : TEST_max
largest = largest > 0 ? largest : 1

if (titled) set title ARG6
# The empty line keeps the key off the label.
set xlabel ARG7 . "\n "
# Room on the right for the text beside the longest bar.
set xrange [0:(format eq "narrow" ? 1.55 : 1.22) * largest]
if (format eq "narrow" && largest >= 1000) set xtics format "%.0s%c"
set yrange [ROW_max + 0.6:0]
set grid xtics noytics
set tics scale 0.5
set border 2
set ytics scale 0
set key outside bottom center horizontal Left reverse samplen 3 width 2

# Solid light grey and dense hatching are told apart without colour.
plot ARG2 index 0 every ::1 \
		using (0):($1 - 0.2):(0):4:($1 - 0.38):($1 - 0.03):ytic("  " . strcol(3)) \
		with boxxyerror fillstyle solid 1.0 border linecolor rgb "black" \
		fillcolor rgb "#c8c8c8" title ARG8, \
	ARG2 index 0 every ::1 \
		using (0):($1 + 0.2):(0):5:($1 + 0.03):($1 + 0.38) \
		with boxxyerror fillstyle pattern 5 border linecolor rgb "black" \
		fillcolor rgb "#00468c" title ARG9, \
	ARG2 index 0 every ::1 using 4:($1 - 0.2):6 \
		with labels left offset character 0.6,0 notitle, \
	ARG2 index 0 every ::1 using 5:($1 + 0.2):7 \
		with labels left offset character 0.6,0 notitle, \
	ARG2 index 1 every ::1 using (0):1:2 \
		with labels left offset character 0.3,0 font ",15" notitle
unset output
