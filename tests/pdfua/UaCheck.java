import java.io.FileInputStream;
import java.io.InputStream;
import java.util.Map;
import java.util.TreeMap;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Checks files with veraPDF: first argument the profiles ("ua1,2a"), then files; one line a file and profile, then its faults. */
public class UaCheck {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        for (String profile : arguments[0].split(",")) {
            for (int place = 1; place < arguments.length; place++) {
                check(PDFAFlavour.byFlavourId(profile), profile, arguments[place]);
            }
        }
    }

    private static void check(PDFAFlavour flavour, String profile, String file) throws Exception {
        try (InputStream in = new FileInputStream(file);
                PDFAParser parser = Foundries.defaultInstance().createParser(in, flavour);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
            ValidationResult result = validator.validate(parser);
            System.out.println((result.isCompliant() ? "PASS" : "FAIL") + "\t" + profile + "\t" + file + "\t" + result.getTotalAssertions());
            Map<String, Integer> faults = new TreeMap<>();
            for (TestAssertion assertion : result.getTestAssertions()) {
                if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                    String rule = assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber();
                    faults.merge(rule + " " + assertion.getMessage(), 1, Integer::sum);
                }
            }
            faults.forEach((fault, count) -> System.out.println("\t" + count + "x " + fault));
        }
    }
}
